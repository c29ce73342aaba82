// What a link shows a broker over TLS, and what it is told when that does not do: a real mosquitto,
// openssl as a server that is strict about ALPN, and a token of SoftHSM.
#include <doctest/doctest.h>

#include <cstdlib>
#include <stdexcept>

#include "link/native/transport/tls_context.hpp"
#include "support/certificates.hpp"
#include "support/link_probe.hpp"

namespace bascule::test {

namespace {

const std::string softhsm = "/usr/lib/softhsm/libsofthsm2.so";

LinkSettings settings_for(const Certificates& certificates, const std::string& url,
                          Client client = Client::native) {
  LinkSettings settings = link_settings(client, url, "client");
  settings.tls.ca_file = certificates.dir.file("ca.crt");
  return settings;
}

void comes_up(const LinkSettings& settings) {
  LinkProbe in(settings);
  CHECK(in.wait_up());
}

void fails(const LinkSettings& settings, const std::string& why) {
  LinkProbe in(settings);
  CAPTURE(why);
  CHECK(in.wait_error(why));
  CHECK(in.ups().empty());
}

// What a file or a token comes to, without a broker.
std::string fault_of(const TlsSettings& settings) {
  try {
    make_tls_context(settings);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

std::string strict(const Certificates& certificates) {
  return "require_certificate true\ncafile " + certificates.dir.file("ca.crt") + "\n";
}

}  // namespace

TEST_CASE("tls: server_name is used for the certificate in place of the URL's host") {
  Certificates certificates;
  Broker broker(certificates.broker(9));
  REQUIRE(certificates.made);
  auto settings = settings_for(certificates, broker.url("mqtts", "127.0.0.1"));
  fails(settings, "the certificate is not for the host name 127.0.0.1");
  settings.tls.server_name = "localhost";
  comes_up(settings);
  settings.tls.server_name = "central.example";
  settings.url = broker.url("mqtts", "localhost");
  fails(settings, "the certificate is not for the host name central.example");
}

TEST_CASE("tls: ALPN is offered, and a broker that takes none of it is told with the offer") {
  Certificates certificates;
  certificates.broker(9);
  REQUIRE(certificates.made);
  const auto port = free_port();
  const auto server =
      spawn({"setpriv", "--pdeathsig", "KILL", "openssl", "s_server", "-accept",
             "127.0.0.1:" + std::to_string(port), "-cert", certificates.dir.file("good.crt"),
             "-key", certificates.dir.file("good.key"), "-alpn", "mqtt,h2", "-quiet"});
  auto settings = settings_for(certificates, "mqtts://localhost:" + std::to_string(port));
  settings.tls.alpn = {"x-amzn-mqtt-ca", "http/1.1"};
  fails(settings, "none of the protocols that tls.alpn offers: x-amzn-mqtt-ca, http/1.1");
  {
    settings.tls.alpn = {"x-amzn-mqtt-ca", "mqtt"};
    LinkProbe in(settings);  // it gets through, to a server that knows no MQTT
    CHECK(in.wait_error("the broker closed the connection without an answer"));
  }
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  settings.tls.alpn = {""};
  CHECK(fault_of(settings.tls) == "tls.alpn: a protocol's name has 1 to 255 bytes");
}

TEST_CASE("tls: an encrypted key wants its password, and the right one") {
  Certificates certificates;
  Broker broker(certificates.broker(9) + strict(certificates));
  certificates.client("store");
  REQUIRE(certificates.made);
  const auto key = certificates.dir.file("locked.key");
  REQUIRE(run({"openssl", "rsa", "-aes256", "-passout", "pass:open sesame", "-in",
               certificates.dir.file("store.key"), "-out", key}) == 0);
  const auto right = certificates.dir.write("right", "open sesame\n");
  const auto wrong = certificates.dir.write("wrong", "close\n");
  for (const auto client : {Client::native, Client::paho}) {
    auto settings = settings_for(certificates, broker.url("mqtts", "localhost"), client);
    settings.tls.cert_file = certificates.dir.file("store.crt");
    settings.tls.key_file = key;
    fails(settings, key + ": the key is encrypted; name its password with tls.key_password_file");
    settings.tls.key_password_file = wrong;
    fails(settings, key + ": the password does not open the key");
    settings.tls.key_password_file = right;
    comes_up(settings);
  }
}

TEST_CASE("tls: a key on a token signs there, and what is wrong with it is said") {
  Certificates certificates;
  Broker broker(certificates.broker(9) + strict(certificates));
  certificates.client("store");
  certificates.client("other");
  REQUIRE(certificates.made);
  const auto tokens = certificates.dir.file("tokens");
  std::filesystem::create_directory(tokens);
  setenv("SOFTHSM2_CONF",
         certificates.dir.write("softhsm.conf", "directories.tokendir = " + tokens + "\n").c_str(),
         1);
  REQUIRE(run({"softhsm2-util", "--init-token", "--free", "--label", "site", "--so-pin", "9876",
               "--pin", "1234"}) == 0);
  REQUIRE(run({"softhsm2-util", "--import", certificates.dir.file("store.key"), "--token", "site",
               "--label", "bridge", "--id", "a1", "--pin", "1234"}) == 0);
  auto settings = settings_for(certificates, broker.url("mqtts", "localhost"));
  TlsSettings& tls = settings.tls;
  const std::string module = "?module-path=" + softhsm;
  tls.cert_file = certificates.dir.file("store.crt");
  tls.key_file = "pkcs11:token=site;object=bridge" + module;
  CHECK(fault_of(tls).find("the token site wants its PIN; write it into a file, and name that as "
                           "tls.key_password_file") != std::string::npos);
  tls.key_password_file = certificates.dir.write("pin", "4321\n");
  CHECK(fault_of(tls).find("the token site refuses the PIN in tls.key_password_file: ") !=
        std::string::npos);
  CHECK(fault_of(tls).find("not tried again until the file changes") != std::string::npos);
  certificates.dir.write("pin", "1234\n");
  comes_up(settings);
  comes_up(settings);

  tls.key_file = "pkcs11:token=site;id=%a1" + module;
  CHECK(fault_of(tls) == "");
  tls.key_file = "pkcs11:token=site;object=another" + module;
  CHECK(fault_of(tls).find("the token site has no private key that fits the pkcs11 URI "
                           "(object=another)") != std::string::npos);
  tls.key_file = "pkcs11:token=mine;object=bridge" + module;
  CHECK(fault_of(tls).find("no token fits the pkcs11 URI (token=mine); there are: site") !=
        std::string::npos);
  tls.key_file = "pkcs11:token=site;object=bridge?module-path=/nowhere/module.so";
  CHECK(fault_of(tls).find("cannot load the PKCS#11 module /nowhere/module.so; install") !=
        std::string::npos);
  tls.key_file = "pkcs11:token=site;object=bridge" + module;
  tls.cert_file = certificates.dir.file("other.crt");
  CHECK(fault_of(tls).find("it is not the key of tls.cert_file") != std::string::npos);
}

TEST_CASE("tls: what the Paho client cannot do is said before it tries") {
  const auto refuses = [](auto change, const std::string& key) {
    LinkSettings settings = link_settings(Client::paho, "mqtts://localhost", "client");
    change(settings);
    std::string told;
    try {
      make_link(settings);
    } catch (const std::invalid_argument& error) {
      told = error.what();
    }
    CHECK(told.starts_with(key));
    CHECK(told.ends_with("use client: native"));
  };
  refuses([](LinkSettings& link) { link.tls.server_name = "a"; }, "tls.server_name");
  refuses([](LinkSettings& link) { link.tls.key_file = "pkcs11:object=a"; }, "tls.key_file");
  refuses([](LinkSettings& link) { link.auth.method = "CUSTOM-JWT"; }, "auth");
}

}  // namespace bascule::test
