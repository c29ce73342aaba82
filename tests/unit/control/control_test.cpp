#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "control/http/client.hpp"
#include "control/http/control_connection.hpp"
#include "control/http/server.hpp"
#include "control/http/unix_socket.hpp"
#include "journal/journal.hpp"

using namespace bascule;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

struct SocketDirectory {
  std::filesystem::path path;
  SocketDirectory() {
    char name[] = "/tmp/bascule-control-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~SocketDirectory() { std::filesystem::remove_all(path); }
  std::string operator/(const char* name) const { return path / name; }
};

ControlHandlers echo() {
  return {
      {"GET /v1/status",
       [](const Query&) {
         return json{{"bridge", "store-42"}};
       }},
      {"GET /v1/echo",
       [](const Query& query) {
         return json{{"text", query.text("text").value_or("")}, {"n", query.number("n", 7)}};
       }},
      {"GET /v1/huge",
       [](const Query&) {
         return json{{"text", std::string(40'000'000, 'x')}};
       }},
      {"GET /v1/broken", [](const Query&) -> json { throw std::runtime_error("disk on fire"); }},
      {"GET /v1/bytes",
       [](const Query&) {
         return json{{"topic", "a\xff"}};
       }},
  };
}

// A socket file on which nobody listens, as a killed process leaves it.
void leave_stale_socket(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  ::close(fd);
}

int connect_to(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

std::string refusal(const ControlSettings& settings) {
  try {
    ControlServer(settings, echo()).start();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("control: a question gets its handler's answer") {
  SocketDirectory directory;
  ControlServer server({directory / "s"}, echo());
  server.start();
  CHECK(ask(directory / "s", "/v1/status") == json{{"bridge", "store-42"}});
}

TEST_CASE("control: parameters arrive as they were given, whatever is in them") {
  SocketDirectory directory;
  ControlServer server({directory / "s"}, echo());
  server.start();
  const std::string odd = "a/b&c=d e+f%20\xc3\xa9?#";
  const Query query({{"text", odd}, {"n", "18446744073709551615"}});
  CHECK(ask(directory / "s", query.behind("/v1/echo")) ==
        json{{"text", odd}, {"n", 18446744073709551615u}});
}

TEST_CASE("control: an answer of 40 MB arrives whole") {
  SocketDirectory directory;
  ControlServer server({directory / "s"}, echo());
  server.start();
  const auto answer = ask(directory / "s", "/v1/huge");
  REQUIRE(answer);
  CHECK((*answer)["text"].get_ref<const std::string&>().size() == 40'000'000);
}

TEST_CASE("control: text that is no UTF-8 is replaced, not refused") {
  SocketDirectory directory;
  ControlServer server({directory / "s"}, echo());
  server.start();
  CHECK(ask(directory / "s", "/v1/bytes") == json{{"topic", "a\xef\xbf\xbd"}});
}

TEST_CASE("control: errors reach the client in the server's words") {
  SocketDirectory directory;
  ControlServer server({directory / "s"}, echo());
  server.start();
  const std::string socket = directory / "s";
  CHECK_THROWS_WITH_AS(ask(socket, "/v1/broken"), "disk on fire", std::runtime_error);
  CHECK_THROWS_WITH_AS(ask(socket, "/v1/none"), "there is no GET /v1/none", std::runtime_error);
  CHECK_THROWS_WITH_AS(ask(socket, "/v1/echo?n=-1"), "'n' must be a whole number, not '-1'",
                       std::runtime_error);
  CHECK_THROWS_AS(ask(socket, "/" + std::string(8'000, 'x')), std::runtime_error);
  CHECK(ask(socket, "/v1/status"));
}

TEST_CASE("control: whose fault it is stands in the status") {
  SocketDirectory directory;
  ControlHandlers handlers = echo();
  handlers["POST /v1/trouble"] = [](const Query&) -> json { throw JournalTrouble("disk full"); };
  ControlServer server({directory / "s"}, handlers);
  server.start();
  const auto status = [&](const std::string& request) {
    const int fd = connect_to(directory / "s");
    const std::string text = request + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    std::string answer(12, '\0');
    REQUIRE(::recv(fd, answer.data(), answer.size(), MSG_WAITALL) == 12);
    ::close(fd);
    return answer.substr(9);
  };
  CHECK(status("GET /v1/status") == "200");
  CHECK(status("GET /v1/echo?n=-1") == "400");
  CHECK(status("GET /v1/none") == "404");
  CHECK(status("GET /v1/broken") == "500");
  CHECK(status("POST /v1/trouble") == "503");
  CHECK_THROWS_WITH_AS(tell(directory / "s", "/v1/trouble"), "disk full", std::runtime_error);
}

TEST_CASE("control: without a daemon there is no answer") {
  SocketDirectory directory;
  CHECK_FALSE(ask(directory / "none", "/v1/status"));
  CHECK_FALSE(ask(directory / "no/directory/either", "/v1/status"));
  leave_stale_socket(directory / "stale");
  CHECK_FALSE(ask(directory / "stale", "/v1/status"));
}

TEST_CASE("control: a stopped server leaves no socket, and can be started again") {
  SocketDirectory directory;
  ControlServer server({directory / "s"}, echo());
  for (int round = 0; round < 3; ++round) {
    server.start();
    CHECK(ask(directory / "s", "/v1/status"));
    server.stop();
    server.stop();
    CHECK_FALSE(std::filesystem::exists(directory / "s"));
  }
}

TEST_CASE("control: the socket is for owner and group only, in a directory made for it") {
  SocketDirectory directory;
  const mode_t before = ::umask(0);
  ControlServer server({directory / "new/deep/s"}, echo());
  server.start();
  ::umask(before);
  struct stat file {};
  REQUIRE(::stat((directory / "new/deep/s").c_str(), &file) == 0);
  CHECK((file.st_mode & 07777) == 0660);
}

TEST_CASE("control: what a dead process left is replaced") {
  SocketDirectory directory;
  leave_stale_socket(directory / "s");
  ControlServer server({directory / "s"}, echo());
  server.start();
  CHECK(ask(directory / "s", "/v1/status"));
}

TEST_CASE("control: a socket that somebody answers on is left alone") {
  SocketDirectory directory;
  ControlServer first({directory / "s"}, echo());
  first.start();
  CHECK(contains(refusal({directory / "s"}), "another program answers there"));
  CHECK(ask(directory / "s", "/v1/status"));
}

TEST_CASE("control: a path that cannot be a socket is refused with what to do") {
  SocketDirectory directory;
  std::ofstream(directory / "file") << "precious";
  CHECK(contains(refusal({directory / "file"}), "is not a socket is in the way"));
  CHECK(contains(refusal({directory / "file/s"}), "cannot make the directory"));
  CHECK(contains(refusal({"/tmp/" + std::string(200, 'x')}), "too long"));
  CHECK(std::filesystem::file_size(directory / "file") == 8);
}

TEST_CASE(
    "control: clients that say nothing, however many, hold up neither questions nor the end") {
  SocketDirectory directory;
  ControlServer server({directory / "s"}, echo());
  server.start();
  std::vector<int> silent;
  for (int i = 0; i < 400; ++i) silent.push_back(connect_to(directory / "s"));
  const auto begin = std::chrono::steady_clock::now();
  CHECK(ask(directory / "s", "/v1/status"));
  const auto hung_up_on = std::count_if(silent.begin(), silent.end(), [](int fd) {
    char byte = 0;
    return ::recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
  });
  CHECK(hung_up_on > 300);  // those that were there first: memory has a bound
  silent.push_back(connect_to(directory / "s"));
  server.stop();
  CHECK(std::chrono::steady_clock::now() - begin < ControlConnection::question_within);
  for (const int fd : silent) ::close(fd);
}

TEST_CASE("control: a question that comes slowly has a time, all of it together") {
  SocketDirectory directory;
  ControlServer server({directory / "s"}, echo());
  server.start();
  std::vector<int> slow;
  for (int i = 0; i < 8; ++i) slow.push_back(connect_to(directory / "s"));
  const auto begin = std::chrono::steady_clock::now();
  std::size_t hung_up_on = 0;
  while (hung_up_on < slow.size() && std::chrono::steady_clock::now() - begin < 60s) {
    hung_up_on = 0;
    for (const int fd : slow) {
      hung_up_on += ::send(fd, "X-Slow: 1\r\n", 11, MSG_NOSIGNAL) < 0 ? 1 : 0;
    }
    CHECK(ask(directory / "s", "/v1/status"));
  }
  CHECK(hung_up_on == slow.size());
  for (const int fd : slow) ::close(fd);
}

TEST_CASE("control: a large question is refused before it is taken into memory") {
  SocketDirectory directory;
  ControlServer server({directory / "s"}, echo());
  server.start();
  const auto status = [&](const std::string& text) {
    const int fd = connect_to(directory / "s");
    REQUIRE(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) > 0);
    std::string answer(12, '\0');
    REQUIRE(::recv(fd, answer.data(), answer.size(), MSG_WAITALL) == 12);
    ::close(fd);
    return answer.substr(9);
  };
  CHECK(status("POST /v1/status HTTP/1.1\r\nContent-Length: 536870912\r\n\r\n") == "413");
  CHECK(status("GET /v1/status HTTP/1.1\r\nX: " + std::string(9'000, 'x')) == "431");
  CHECK(status("SSH-2.0-OpenSSH_9.2\r\n\r\n") == "400");
}

TEST_CASE("control: at the end, a client that does not take its answer is hung up on") {
  SocketDirectory directory;
  ControlServer server({directory / "s"}, echo());
  server.start();
  const int fd = connect_to(directory / "s");
  const std::string question = "GET /v1/huge HTTP/1.1\r\n\r\n";
  REQUIRE(::send(fd, question.data(), question.size(), 0) > 0);
  std::string begun(12, '\0');
  REQUIRE(::recv(fd, begun.data(), begun.size(), MSG_WAITALL) == 12);
  const auto begin = std::chrono::steady_clock::now();
  server.stop();
  CHECK(std::chrono::steady_clock::now() - begin < ControlConnection::answer_within);
  ::close(fd);
}

TEST_CASE("control: many clients at once all get their answer") {
  SocketDirectory directory;
  ControlServer server({directory / "s"}, echo());
  server.start();
  std::vector<std::thread> clients;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      for (int n = 0; n < 25; ++n) {
        const std::string path = "/v1/echo?n=" + std::to_string(n);
        if (const auto answer = ask(directory / "s", path); answer && (*answer)["n"] == n) {
          ++answered;
        }
      }
    });
  }
  for (auto& client : clients) client.join();
  CHECK(answered == 100);
}
