#include "link/url.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("url: host and port, or the scheme's own port") {
  CHECK(parse_url("mqtt://broker")->port == 1883);
  CHECK(parse_url("mqtts://broker")->port == 8883);
  CHECK(parse_url("ws://broker")->port == 80);
  CHECK(parse_url("wss://broker")->port == 443);
  const auto url = parse_url("mqtts://central.example.net:18883");
  REQUIRE(url);
  CHECK(url->host == "central.example.net");
  CHECK(url->port == 18883);
  CHECK(url->tls());
  CHECK(parse_url("mqtt://broker/")->path.empty());
}

TEST_CASE("url: an IPv6 address stands in brackets") {
  const auto url = parse_url("mqtt://[::1]:1884");
  REQUIRE(url);
  CHECK(url->host == "::1");
  CHECK(url->port == 1884);
  CHECK_FALSE(parse_url("mqtt://[::1"));
  CHECK_FALSE(parse_url("mqtt://::1"));
}

TEST_CASE("url: WebSockets and Unix sockets have a path") {
  CHECK(parse_url("wss://broker/mqtt")->path == "/mqtt");
  CHECK(parse_url("mqtt+unix:///run/broker.sock")->path == "/run/broker.sock");
  CHECK_FALSE(parse_url("mqtt+unix://run/broker.sock"));
  CHECK_FALSE(parse_url("mqtt://broker/path"));
}

TEST_CASE("url: what is wrong is said") {
  const auto why = [](const char* text) {
    std::string reason;
    CHECK_FALSE(parse_url(text, &reason));
    return reason;
  };
  CHECK(why("localhost:1883").find("begin with a scheme") != std::string::npos);
  CHECK(why("http://broker").find("begin with mqtt, mqtts") != std::string::npos);
  CHECK(why("mqtt://").find("name a host") != std::string::npos);
  CHECK(why("mqtt://:1883").find("name a host") != std::string::npos);
  for (const char* port : {"mqtt://b:", "mqtt://b:0", "mqtt://b:65536", "mqtt://b:1x"}) {
    CHECK(why(port).find("port") != std::string::npos);
  }
  CHECK(why("mqtt://me:secret@broker").find("password_file") != std::string::npos);
  CHECK(why("mqtt://bro ker").find("space") != std::string::npos);
}

TEST_CASE("url: a proxy has a scheme, perhaps a user, and a port of its own") {
  const auto http = parse_proxy("http://me@proxy");
  REQUIRE(http);
  CHECK(*http == ProxyUrl{ProxyUrl::Scheme::http, "me", "proxy", 3128});
  const auto socks = parse_proxy("socks5://[::1]:9050/");
  REQUIRE(socks);
  CHECK(*socks == ProxyUrl{ProxyUrl::Scheme::socks5, "", "::1", 9050});
  const std::pair<const char*, const char*> wrong[] = {
      {"proxy:3128", "begin with http"},
      {"https://proxy", "begin with http"},
      {"http://me:secret@proxy", "proxy_password_file"},
      {"http://", "name a host"},
      {"http://proxy/path", "end after"},
      {"socks5://p roxy", "space"}};
  for (const auto& [text, part] : wrong) {
    std::string why;
    CHECK_FALSE(parse_proxy(text, &why));
    CHECK(why.find(part) != std::string::npos);
    CHECK(why.find("secret") == std::string::npos);
  }
}
