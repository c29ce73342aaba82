#include "config/link/network.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/config_file.hpp"

using namespace bascule;
using namespace config_file;

TEST_CASE("config: a link may have several URLs, each once") {
  const LinkSettings link = load(with_site("  url: [\"mqtts://a\", \"mqtts://b:1\"]\n")).site;
  CHECK(link.url == "mqtts://a");
  CHECK(link.other_urls == std::vector<std::string>{"mqtts://b:1"});
  CHECK(problems(with_site("  url: [\"mqtt://a\", \"mqtt://a:1883\"]\n")) ==
        Lines{"2:21: \"url\" names the same address twice"});
  CHECK(problems(with_site("  url: []\n")) == Lines{"2:8: \"url\" must name an address at least"});
  CHECK(problems(with_site("  url: [\"mqtt://a\", \"tcp://b\"]\n")) ==
        Lines{"2:21: \"url\" cannot begin with \"tcp\"; did you mean \"mqtt\"?"});
  const Lines mixed = problems(with_site("  url: [\"mqtts://a\", \"mqtt://b\"]\n"));
  REQUIRE(mixed.size() == 1);
  CHECK(mixed[0].find("with TLS and without") != std::string::npos);
}

TEST_CASE("config: the way to a broker") {
  const ConfigDirectory directory;
  const std::string file = directory.write("secret", "x");
  const LinkSettings link =
      load(with_site("  url: mqtts://h\n  bind_address: 10.0.0.2\n  proxy: http://me@proxy:3128\n"
                     "  proxy_password_file: " +
                     file + "\n  tls: {server_name: b, alpn: [mqtt, x], cert_file: " + file +
                     ", key_file: \"pkcs11:token=t;object=k\", key_password_file: " + file + "}\n"))
          .site;
  CHECK(link.bind_address == "10.0.0.2");
  CHECK(link.proxy.url == "http://me@proxy:3128");
  CHECK(link.proxy.password_file == file);
  CHECK(link.tls.server_name == "b");
  CHECK(link.tls.alpn == std::vector<std::string>{"mqtt", "x"});
  CHECK(link.tls.key_file == "pkcs11:token=t;object=k");
  CHECK(link.tls.key_password_file == file);
  CHECK(load(with_site("  url: mqtts://h\n  tls: {alpn: mqtt}\n")).site.tls.alpn ==
        std::vector<std::string>{"mqtt"});
}

TEST_CASE("config: a wrong way to a broker is refused") {
  const std::pair<std::string, std::string> table[] = {
      {"bind_address: eth0",
       "3:17: \"bind_address\" must be an address of this machine in numbers, not \"eth0\""},
      {"proxy: \"http://me:canary@p\"",
       "3:10: \"proxy\" must not hold a password; use proxy_password_file"},
      {"proxy: \"ftp://p\"",
       "3:10: \"proxy\" must begin with http:// or socks5://, as in http://proxy:3128"},
  };
  for (const auto& [line, expected] : table) {
    CHECK(problems(with_site("  url: mqtt://h\n  " + line + '\n')) == Lines{expected});
  }
  CHECK(problems(with_site("  url: mqtt+unix:///x\n  bind_address: 10.0.0.2\n")) ==
        Lines{"3:17: \"bind_address\" has no effect on a Unix socket; remove this key"});
  const ConfigDirectory directory;
  const std::string file = directory.write("secret", "x");
  const Lines alone = problems(with_site("  url: mqtt://h\n  proxy_password_file: " + file + '\n'));
  REQUIRE(alone.size() == 1);
  CHECK(alone[0].find("needs \"proxy\" with a user") != std::string::npos);
}

TEST_CASE("config: a proxy's user without a password is warned of") {
  const auto warnings = load(with_site("  url: mqtt://h\n  proxy: http://me@proxy\n")).warnings;
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].line == 3);
  CHECK(warnings[0].text.find("\"proxy_password_file\" is missing") != std::string::npos);
  CHECK(load(with_site("  url: mqtt://h\n  proxy: http://proxy\n")).warnings.empty());
}
