#include "config/link/links.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "support/config_file.hpp"

using namespace bascule;
using namespace config_file;
using namespace std::chrono_literals;

TEST_CASE("config: a credential of the service is found where systemd has put it") {
  const ConfigDirectory directory;
  directory.write("token", "x");
  ::chmod((directory.path() + "/token").c_str(), 0600);
  const std::string yaml = with_site(
      "  url: mqtt://broker:1234\n"
      "  password_file: \"${CREDENTIALS_DIRECTORY}/token\"\n");
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(problems(yaml).empty());  // a shell cannot look
  CHECK(load(yaml).site.password_file == "${CREDENTIALS_DIRECTORY}/token");
  const std::vector<Problem> told = load(yaml).warnings;
  REQUIRE(told.size() == 1);
  CHECK(told[0].line == 3);
  CHECK(told[0].text.find("CREDENTIALS_DIRECTORY is not set here") != std::string::npos);
  ::setenv("CREDENTIALS_DIRECTORY", directory.path().c_str(), 1);
  CHECK(load(yaml).site.password_file == directory.path() + "/token");
  CHECK(load(yaml).warnings.empty());
  ::setenv("CREDENTIALS_DIRECTORY", "/nowhere", 1);
  CHECK(problems(yaml) == Lines{"3:18: \"password_file\" names no such file, nor a folder for it"});
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("config: every key of a link is read") {
  const ConfigDirectory directory;
  const std::string file = directory.write("some.pem", "x");
  const LinkSettings link = load(with_site("  url: mqtts://broker:1234\n"
                                           "  client: native\n"
                                           "  client_id: x-{bridge.id}-{bridge.id}\n"
                                           "  username: me\n"
                                           "  password_file: " +
                                           file +
                                           "\n"
                                           "  tls: {ca_file: " +
                                           file + ", cert_file: " + file + ", key_file: " + file +
                                           ", insecure: true}\n"
                                           "  protocol: 3.1.1\n"
                                           "  keep_alive: 5s\n"
                                           "  session_expiry: 1d\n"
                                           "  reconnect: {min: 100ms, max: 2s}\n"
                                           "  window: 20\n"
                                           "  slow_after: 700ms\n"
                                           "  retained: trust\n"
                                           "  broker: rabbitmq\n"
                                           "journal: {max_payload: 1MiB}\n"))
                                .site;
  CHECK(link.url == "mqtts://broker:1234");
  CHECK(link.client == Client::native);
  CHECK(link.broker == BrokerKind::rabbitmq);
  CHECK(link.client_id == "x-shop-shop");
  CHECK(link.username == "me");
  CHECK(link.password_file == file);
  CHECK(link.tls.ca_file == file);
  CHECK(link.tls.cert_file == file);
  CHECK(link.tls.key_file == file);
  CHECK(link.tls.insecure);
  CHECK(link.protocol == Protocol::v3_1_1);
  CHECK(link.keep_alive == 5s);
  CHECK(link.session_expiry == 24h);
  CHECK(link.reconnect_min == 100ms);
  CHECK(link.reconnect_max == 2s);
  CHECK(link.window == 20);
  CHECK(link.slow_after == 700ms);
  CHECK(link.retained == AfterGap::trust);
  CHECK(link.max_payload_bytes == 1 << 20);
}

TEST_CASE("config: a value out of its range or of another kind is refused with the range") {
  const std::pair<std::string, std::string> table[] = {
      {"keep_alive: 19h", "\"keep_alive\" must be 1s to 18h, not \"19h\""},
      {"keep_alive: 500ms", "\"keep_alive\" must be 1s to 18h, not \"500ms\""},
      {"keep_alive: 30", "\"keep_alive\" needs a unit, such as \"30s\" or \"30m\""},
      {"window: 0", "\"window\" must be a whole number, 1 to 65535, not \"0\""},
      {"window: 65536", "\"window\" must be a whole number, 1 to 65535, not \"65536\""},
      {"window: 10.5", "\"window\" must be a whole number, 1 to 65535, not \"10.5\""},
      {"client: nativ", "\"client\" cannot be \"nativ\"; did you mean \"native\"?"},
      {"protocol: 3.1", "\"protocol\" cannot be \"3.1\"; did you mean \"3.1.1\"?"},
      {"protocol: 4", "\"protocol\" cannot be \"4\"; use auto, 5 or 3.1.1"},
      {"client_id: \"\"", "\"client_id\" must not be empty"},
      {"client_id: a-{id}", "\"client_id\" can hold {bridge.id}, but no other braces"},
      {"username: \"a\\0\"", "\"username\" must be UTF-8 text without control characters"},
      {"session_expiry: 0s", "\"session_expiry\" must be 1s to 49710d, not \"0s\""},
  };
  for (const auto& [line, expected] : table) {
    const std::string column = std::to_string(line.find(' ') + 4);
    CHECK(problems(with_site("  url: mqtt://localhost\n  " + line + '\n')) ==
          Lines{"3:" + column + ": " + expected});
  }
}

TEST_CASE("config: a URL is refused with what a URL looks like, and never repeated") {
  const std::pair<std::string, std::string> table[] = {
      {"localhost:1883", "must begin with a scheme, as in mqtt://localhost:1883"},
      {"tcp://h", "cannot begin with \"tcp\"; did you mean \"mqtt\"?"},
      {"mqqt://h", "cannot begin with \"mqqt\"; did you mean \"mqtt\"?"},
      {"ftp://h", "cannot begin with \"ftp\"; use mqtt, mqtts, ws, wss or mqtt+unix"},
      {"mqtt://", "must name a host, as in mqtt://localhost:1883"},
      {"mqtt://:1883", "must name a host, as in mqtt://localhost:1883"},
      {"mqtt://h:0", "must end in a port from 1 to 65535, as in mqtt://host:1883"},
      {"mqtt://h:65536", "must end in a port from 1 to 65535, as in mqtt://host:1883"},
      {"mqtt://h:x", "must end in a port from 1 to 65535, as in mqtt://host:1883"},
      {"mqtt://::1:1883", "must have an IPv6 address in brackets, as in mqtt://[::1]:1883"},
      {"mqtt://[::1", "has a [ without a ]"},
      {"mqtt://h/x", "must end after the host and the port; only ws and wss take a path"},
      {"mqtt+unix://run/x", "must hold an absolute path, as in mqtt+unix:///run/mqtt.sock"},
      {"mqtt://me:canary@h", "must not hold a user or a password; use username and password_file"},
      {"mqtt://me:can/ary@h", "must not hold a user or a password; use username and password_file"},
  };
  for (const auto& [url, expected] : table) {
    CHECK(problems(with_site("  url: \"" + url + "\"\n")) == Lines{"2:8: \"url\" " + expected});
  }
  for (const char* url :
       {"mqtt://h", "mqtt://10.0.0.1:1", "mqtts://a-b.c_d:65535", "ws://h/mqtt?x=1", "wss://h",
        "mqtt://[::1]:1883", "mqtt://[fe80::1%25eth0]", "mqtt+unix:///x"}) {
    CHECK(problems(with_site("  url: \"" + std::string(url) + "\"\n")) == Lines{});
  }
}

TEST_CASE("config: files that a link names must be there") {
  const ConfigDirectory directory;
  CHECK(problems(with_site("  url: mqtts://h\n"
                           "  password_file: /nowhere/canary\n"
                           "  tls:\n"
                           "    ca_file: " +
                           directory.path() +
                           "\n"
                           "    cert_file: canary\n"
                           "    key_file: /dev/null/canary\n")) ==
        Lines{"3:18: \"password_file\" names no such file, nor a folder for it",
              "5:14: \"ca_file\" is a directory; name a file",
              "6:16: \"cert_file\" must be a path that begins with /",
              "7:15: \"key_file\" names no such file, nor a folder for it"});
  // Where the folder is there, it is no secret in the wrong place.
  const std::string near = directory.path() + "/pasword";
  CHECK(problems(with_site("  url: mqtts://h\n  password_file: " + near + '\n')) ==
        Lines{"3:18: \"password_file\" names no such file: '" + near + "'"});
  CHECK(problems(with_site("  url: mqtts://h\n  password_file: /canary\n")) ==
        Lines{"3:18: \"password_file\" names no such file, nor a folder for it"});
}

TEST_CASE(
    "config: a port that means TLS, and a URL that does not, are warned of; and the reverse") {
  const auto told = [](const std::string& url) {
    const auto warnings = load(with_site("  url: " + url + '\n')).warnings;
    return warnings.empty() ? "" : warnings.front().text;
  };
  for (const char* url : {"mqtt://h", "mqtts://h", "mqtt://h:1884", "mqtts://h:443", "wss://h",
                          "ws://h", "mqtt+unix:///s"}) {
    CHECK_MESSAGE(told(url) == "", url);
  }
  CHECK(told("mqtt://h:8883") ==
        "\"url\" has port 8883, at which brokers speak TLS; if so, it begins with mqtts://");
  CHECK(told("mqtts://h:1883") ==
        "\"url\" has port 1883, at which brokers speak without TLS; if so, it begins with mqtt://");
  CHECK(told("wss://h:80").ends_with("ws://"));
}

TEST_CASE("config: a file without permission to read is named as that") {
  const ConfigDirectory directory;
  const std::string path = directory.write("secret", "x");
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(path, std::filesystem::perms::none);
  const bool root = ::geteuid() == 0;  // who may read everything
  if (root) REQUIRE(::setresuid(65534, 65534, 0) == 0);
  const Lines found = problems(with_site("  url: mqtt://h\n  password_file: " + path + '\n'));
  if (root) REQUIRE(::setresuid(0, 0, 0) == 0);
  CHECK(found == Lines{"3:18: \"password_file\" names a file that cannot be read: '" + path +
                       "': Permission denied"});
}

TEST_CASE("config: a password in the file is refused and never repeated") {
  CHECK(problems(with_site("  url: mqtt://h\n  password: canary\n")) ==
        Lines{"3:3: a password does not belong in this file; put it in a file of its own and name "
              "that with \"password_file\""});
}

TEST_CASE("config: keys of a link that contradict each other are refused") {
  const ConfigDirectory directory;
  const std::string file = directory.write("x.pem", "x");
  CHECK(problems(with_site("  url: mqtt://h\n  tls: {insecure: true}\n")) ==
        Lines{"3:3: \"tls\" has no effect on a mqtt URL; use mqtts or wss, or remove this key"});
  CHECK(problems(with_site("  url: mqtts://h\n  tls: {cert_file: " + file + "}\n")) ==
        Lines{"3:20: \"cert_file\" needs \"key_file\" beside it"});
  CHECK(problems(with_site("  url: mqtts://h\n  tls: {key_file: " + file + "}\n")) ==
        Lines{"3:19: \"key_file\" needs \"cert_file\" beside it"});
  CHECK(problems(with_site("  url: mqtt://h\n  reconnect: {min: 5m}\n")) ==
        Lines{"3:20: \"min\" (5m) must not be more than \"max\" (1m)"});
  CHECK(problems(with_site("  url: ws://h\n  client: native\n")).empty());
  CHECK(problems(with_site("  url: [ws://h, ws://i]\n  client: paho\n")) ==
        Lines{"3:11: url: the Paho client takes only one; use client: native"});
}

TEST_CASE("config: two links that would take over each other's session are refused") {
  const auto both = [](const std::string& site, const std::string& central) {
    return problems("bridge: {id: shop}\nsite: {url: \"" + site + "\", client_id: same}\n" +
                    "central:\n  url: \"" + central + "\"\n  client_id: same\n");
  };
  const std::string text =
      "5:14: \"site\" and \"central\" have the same broker and the same client_id, so that each "
      "would end the other's connection; change one";
  CHECK(both("mqtt://h", "mqtt://h:1883") == Lines{text});
  CHECK(both("mqtt+unix:///x", "mqtt+unix:///x") == Lines{text});
  CHECK(both("mqtt://h", "mqtt://h:1884") == Lines{});
}

TEST_CASE("config: who only asks needs no secrets, and an empty one is named") {
  const ConfigDirectory directory;
  const std::string empty = directory.write("empty", "");
  const auto file = [&](const std::string& secret) {
    return directory.write(
        "bascule.yaml",
        with_site("  url: \"mqtt://localhost\"\n  password_file: " + secret + '\n'));
  };
  for (const std::string& secret : {empty, directory.path() + "/none"}) {
    CAPTURE(secret);
    CHECK(load_config(file(secret), NamedFiles::ignored).id == "shop");
    CHECK_THROWS_AS(load_config(file(secret)), ConfigError);
  }
  try {
    load_config(file(empty));
  } catch (const ConfigError& error) {
    CHECK(error.problems()[0].text == "\"password_file\" names an empty file");
  }
  // What is wrong with the text is wrong for everybody.
  CHECK_THROWS_AS(load_config(file("relative"), NamedFiles::ignored), ConfigError);
}

TEST_CASE("config: two links to one address are warned of") {
  const auto warned = [](const std::string& site, const std::string& central) {
    const auto warnings = load("bridge: {id: shop}\nsite: {url: \"" + site +
                               "\"}\ncentral: {url: \"" + central + "\"}\n")
                              .warnings;
    return warnings.size() == 1 &&
           warnings[0].text.find("has the address of \"site\"") != std::string::npos;
  };
  CHECK(warned("mqtt://localhost", "mqtt://127.0.0.1:1883"));
  CHECK(warned("mqtt://h", "ws://h:1883"));
  CHECK(warned("mqtt+unix:///x", "mqtt+unix:///x"));
  CHECK_FALSE(warned("mqtt://h", "mqtt://h:1884"));
  CHECK_FALSE(warned("mqtt+unix:///x", "mqtt+unix:///y"));
}

TEST_CASE("config: a secret that others may read, or with more in it than one sees, is warned of") {
  const ConfigDirectory directory;
  const auto warnings = [&](const std::string& content, const char* mode) {
    const std::string file = directory.write("password", content);
    REQUIRE(::chmod(file.c_str(), static_cast<mode_t>(std::stoul(mode, nullptr, 8))) == 0);
    std::string texts;
    for (const Problem& problem :
         load(with_site("  url: mqtt://h\n  password_file: " + file + '\n')).warnings) {
      CHECK(problem.line == 3);
      for (const char* part : {"everyone on this machine", "byte order mark", "a blank"}) {
        if (problem.text.find(part) != std::string::npos) texts += part + std::string(";");
      }
    }
    return texts;
  };
  CHECK(warnings("secret\n", "600") == "");
  CHECK(warnings("two words\r\n", "640") == "");
  CHECK(warnings("secret\n", "604") == "everyone on this machine;");
  CHECK(warnings("secret\n", "602") == "everyone on this machine;");
  CHECK(warnings("\xEF\xBB\xBFsecret\n", "600") == "byte order mark;");
  CHECK(warnings(" secret\n", "600") == "a blank;");
  CHECK(warnings("secret \n", "600") == "a blank;");
}

TEST_CASE("config: a link that takes any certificate is warned of") {
  const auto warnings = load(with_site("  url: mqtts://h\n  tls: {insecure: true}\n")).warnings;
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].text.find("any certificate is taken") != std::string::npos);
  CHECK(load(with_site("  url: mqtts://h\n  tls: {insecure: false}\n")).warnings.empty());
}
