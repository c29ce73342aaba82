#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "control/http/client.hpp"
#include "control/http/control_connection.hpp"
#include "control/http/feed.hpp"
#include "control/http/server.hpp"
#include "support/broker.hpp"

using namespace bascule;

namespace {

// Somebody who has asked for the feed.
class Audience {
 public:
  explicit Audience(const std::string& socket) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    const std::string question = "GET /v1/changes HTTP/1.1\r\nHost: localhost\r\n\r\n";
    REQUIRE(::send(fd_, question.data(), question.size(), MSG_NOSIGNAL) > 0);
  }
  ~Audience() { ::close(fd_); }
  Audience(const Audience&) = delete;
  Audience& operator=(const Audience&) = delete;

  // Reads until that has been heard; false: it ends before.
  bool hears(const std::string& part) {
    while (heard.find(part) == std::string::npos) {
      char more[65'536];
      const ssize_t got = ::recv(fd_, more, sizeof more, 0);
      if (got <= 0) return false;
      heard.append(more, static_cast<std::size_t>(got));
    }
    return true;
  }
  bool hears_the_end() { return !hears("nothing says this"); }

  std::string heard;

 private:
  int fd_;
};

struct Told {
  Told() { server->start(); }

  test::TempDir dir;
  Feed feed;
  std::unique_ptr<ControlServer> server = std::make_unique<ControlServer>(
      ControlSettings{dir.file("s")},
      ControlApi({{"GET /v1/status", [](const Query&) { return nlohmann::json::object(); }}}, {},
                 {{"GET /v1/changes", &feed}}));
};

}  // namespace

TEST_CASE("control feed: who listens is told as it happens, and all of it before the end") {
  Told told;
  Audience first(told.dir.file("s"));
  REQUIRE(first.hears("\r\n\r\n"));
  CHECK(first.heard.starts_with("HTTP/1.1 200"));
  CHECK(first.heard.find("Content-Type: text/event-stream") != std::string::npos);
  REQUIRE(test::wait_for([&] { return told.feed.is_read(); }));
  told.feed.state("status", "a", "A");
  CHECK(first.hears("event: status\ndata: A\n\n"));
  Audience second(told.dir.file("s"));
  CHECK(second.hears("event: status\ndata: A\n\n"));
  told.feed.notice("event", "1");
  CHECK(first.hears("event: event\ndata: 1\n\n"));
  CHECK(second.hears("event: event\ndata: 1\n\n"));
  told.server->stop();
  CHECK(first.hears_the_end());
  CHECK(second.hears_the_end());
}

TEST_CASE(
    "control feed: a bounded number may listen, others ask all the same; who leaves is noticed") {
  Told told;
  std::vector<std::unique_ptr<Audience>> all;
  for (int n = 0; n < ControlConnection::feeds_max; ++n) {
    all.push_back(std::make_unique<Audience>(told.dir.file("s")));
    REQUIRE(all.back()->hears("text/event-stream"));
  }
  Audience more(told.dir.file("s"));
  CHECK(more.hears("HTTP/1.1 503"));
  CHECK(more.hears_the_end());
  CHECK(ask(told.dir.file("s"), "/v1/status"));
  all.pop_back();
  CHECK(test::wait_for([&] {
    Audience again(told.dir.file("s"));
    again.hears("HTTP/1.1 200");
    return again.heard.starts_with("HTTP/1.1 200");
  }));
  all.clear();
  CHECK(test::wait_for([&] { return !told.feed.is_read(); }));
}

TEST_CASE("control feed: who takes nothing costs a bound, and does not hold up the end") {
  Told told;
  Audience silent(told.dir.file("s"));
  REQUIRE(test::wait_for([&] { return told.feed.is_read(); }));
  Audience listening(told.dir.file("s"));
  REQUIRE(listening.hears("text/event-stream"));
  const std::string large(1 << 20, 'x');
  for (int n = 1; n <= 20; ++n) {
    const std::string data = std::to_string(n) + large;
    told.feed.state("status", data, data);
    REQUIRE(listening.hears("data: " + std::to_string(n) + "x"));
  }
  told.feed.state("status", "last", "last");
  CHECK(listening.hears("data: last\n\n"));
  CHECK(silent.hears("data: last\n\n"));  // from now on it takes it
  CHECK(silent.heard.size() < 3 * large.size());
  const Audience stuck(told.dir.file("s"));
  told.feed.state("status", "large", large);
  told.server->stop();
}
