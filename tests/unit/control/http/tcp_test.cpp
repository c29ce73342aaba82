#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "control/http/client.hpp"
#include "control/http/server.hpp"
#include "control/page/page_file.hpp"
#include "support/broker.hpp"
#include "support/certificates.hpp"

using namespace bascule;
using nlohmann::json;

namespace {

const std::string token = "3f1d9c0b7a5e4d21a0c4";

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

// The whole answer.
std::string answer_to(std::uint16_t port, const std::string& question) {
  const int fd = connect_to(port);
  REQUIRE(::send(fd, question.data(), question.size(), MSG_NOSIGNAL) > 0);
  std::string answer;
  char part[4096];
  for (ssize_t got = 0; (got = ::recv(fd, part, sizeof part, 0)) > 0;) answer.append(part, got);
  ::close(fd);
  return answer;
}

struct Served {
  explicit Served(HttpSettings http = {}) {
    http.address = "127.0.0.1";
    http.token_file = dir.write("tokens", "look grafana " + token + "\n");
    ControlSettings settings{dir.file("s"), http};
    server = std::make_unique<ControlServer>(
        settings, ControlApi({{"GET /v1/status",
                               [](const Query&) {
                                 return json{{"bridge", "store-42"}};
                               }},
                              {"POST /v1/change", [](const Query&) { return json::object(); }}},
                             {{"GET /metrics", [](const Query&) {
                                 return ControlText{"text/plain", "a 1\n"};
                               }}}));
    server->start();
  }

  std::string question(const std::string& line, const std::string& shown = token) const {
    return line + " HTTP/1.1\r\nHost: localhost:" + std::to_string(server->http_port()) +
           "\r\nAuthorization: Bearer " + shown + "\r\n\r\n";
  }

  test::TempDir dir;
  std::unique_ptr<ControlServer> server;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("control over TCP: a token gets an answer, with what a browser has to know") {
  const Served served;
  const auto port = served.server->http_port();
  const std::string answer = answer_to(port, served.question("GET /v1/status"));
  CHECK(answer.starts_with("HTTP/1.1 200"));
  CHECK(answer.ends_with(R"({"bridge":"store-42"})"));
  CHECK(contains(answer, "Content-Security-Policy: default-src 'none'"));
  CHECK(contains(answer, "X-Content-Type-Options: nosniff"));
  const std::string metrics = answer_to(port, served.question("GET /metrics"));
  CHECK(contains(metrics, "Content-Type: text/plain"));
  CHECK(metrics.ends_with("\r\n\r\na 1\n"));
}

TEST_CASE(
    "control over TCP: a page needs no token, may do little, and is sent again if it changed") {
  const Served served;
  const auto port = served.server->http_port();
  const std::string page = answer_to(port, served.question("GET /cases?number=7", ""));
  CHECK(page.starts_with("HTTP/1.1 200"));
  CHECK(contains(page, "Content-Type: text/html; charset=utf-8"));
  CHECK(contains(page, "Cache-Control: no-cache"));
  CHECK(contains(page, std::string("Content-Security-Policy: ") + page_policy));
  CHECK(contains(page, "X-Content-Type-Options: nosniff"));
  CHECK(contains(page, "Referrer-Policy: no-referrer"));
  const std::size_t tag = page.find("ETag: \"");
  REQUIRE(tag != std::string::npos);
  const std::string known = page.substr(tag + 6, page.find('\r', tag) - tag - 6);
  const std::string again =
      answer_to(port, served.question("GET /cases", "none\r\nIf-None-Match: " + known));
  CHECK(again.starts_with("HTTP/1.1 304"));
  CHECK_FALSE(contains(again, "<html"));
  CHECK(answer_to(port, served.question("GET /page/cases.js")).ends_with("});\n"));
  CHECK(answer_to(port, served.question("GET /page/cases.j")).starts_with("HTTP/1.1 404"));
}

TEST_CASE("control over TCP: a page learns whose token it shows") {
  const Served served;
  const auto port = served.server->http_port();
  CHECK(answer_to(port, served.question("GET /v1/holder"))
            .ends_with(R"({"name":"grafana","role":"look"})"));
  CHECK(answer_to(port, served.question("GET /v1/holder", "guess")).starts_with("HTTP/1.1 401"));
  CHECK(ask(served.dir.file("s"), "/v1/holder") == json{{"name", ""}, {"role", "change"}});
}

TEST_CASE("control over TCP: a refusal is a problem, and says what to do") {
  const Served served;
  const auto port = served.server->http_port();
  const std::string stranger = answer_to(port, served.question("GET /v1/status", "guess"));
  CHECK(stranger.starts_with("HTTP/1.1 401"));
  CHECK(contains(stranger, "Content-Type: application/problem+json"));
  CHECK(contains(stranger, "WWW-Authenticate: Bearer"));
  CHECK(contains(stranger, R"("status":401)"));
  CHECK_FALSE(contains(stranger, "store-42"));
  CHECK(answer_to(port, served.question("POST /v1/change")).starts_with("HTTP/1.1 403"));
  CHECK(answer_to(port, served.question("GET /none")).starts_with("HTTP/1.1 404"));
  CHECK(answer_to(port, served.question("OPTIONS /v1/status")).starts_with("HTTP/1.1 403"));
  CHECK(answer_to(port, "GET /v1/status HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 421"));
  CHECK(tell(served.dir.file("s"), "/v1/change"));  // the socket needs no token
}

TEST_CASE("control over TCP: a thousand that say nothing take no answer from others") {
  const Served served;
  std::vector<int> silent;
  for (int i = 0; i < 1'000; ++i) silent.push_back(connect_to(served.server->http_port()));
  CHECK(ask(served.dir.file("s"), "/v1/status"));
  CHECK(answer_to(served.server->http_port(), served.question("GET /v1/status"))
            .starts_with("HTTP/1.1 200"));
  for (const int fd : silent) ::close(fd);
}

TEST_CASE("control over TCP: with a certificate it speaks TLS alone, and a renewed one counts") {
  test::Certificates certificates;
  certificates.broker(9);
  REQUIRE(certificates.made);
  HttpSettings http;
  http.cert_file = certificates.dir.file("good.crt");
  http.key_file = certificates.dir.file("good.key");
  const Served served(http);
  const std::string place = "localhost:" + std::to_string(served.server->http_port());
  const std::string asked = served.dir.write("question", served.question("GET /v1/status"));
  const auto answer = [&] {
    const std::string to = served.dir.file("answer");
    test::run({"sh", "-c",
               "openssl s_client -quiet -verify_return_error -CAfile " +
                   certificates.dir.file("ca.crt") + " -connect " + place + " <" + asked + " >" +
                   to});
    std::ostringstream text;
    text << std::ifstream(to).rdbuf();
    return text.str();
  };
  CHECK(contains(answer(), R"({"bridge":"store-42"})"));
  CHECK_FALSE(contains(answer_to(served.server->http_port(), served.question("GET /v1/status")),
                       "store-42"));
  certificates.broker(-1);
  std::filesystem::rename(certificates.dir.file("expired.key"), http.key_file);
  std::filesystem::rename(certificates.dir.file("expired.crt"), http.cert_file);
  CHECK_FALSE(contains(answer(), "store-42"));  // it shows the new one, which has expired
}

TEST_CASE("control over TCP: a port that somebody else has is taken once it is free") {
  const int other = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(other, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(other, 1) == 0);
  REQUIRE(::getsockname(other, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  HttpSettings http;
  http.port = ntohs(address.sin_port);
  const Served served(http);
  CHECK(served.server->http_port() == 0);
  CHECK(ask(served.dir.file("s"), "/v1/status"));
  ::close(other);
  REQUIRE(test::wait_for([&] { return served.server->http_port() == http.port; }));
  CHECK(answer_to(http.port, served.question("GET /v1/status")).starts_with("HTTP/1.1 200"));
}
