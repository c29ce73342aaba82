// A real mosquitto for a test: on a free loopback port, with its files in a directory that goes
// away with it.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace bascule::test {

// Waits until `done` holds; false after the deadline.
inline bool wait_for(const std::function<bool()>& done,
                     std::chrono::milliseconds deadline = std::chrono::seconds(60)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/bascule-test-XXXXXX";
    if (!mkdtemp(name)) throw std::runtime_error("mkdtemp");
    path_ = name;
    std::filesystem::permissions(path_, std::filesystem::perms(0755));
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string file(const std::string& name) const { return path_ / name; }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return file(name);
  }

 private:
  std::filesystem::path path_;
};

inline pid_t spawn(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int fd : {1, 2}) {
    posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
  }
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot run " + command.front());
  return pid;
}

// Runs a program to its end, silently; its exit status.
inline int run(const std::vector<std::string>& command) {
  int status = -1;
  waitpid(spawn(command), &status, 0);
  return status;
}

inline std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

// Whether mosquitto's loop runs there: it closes over what is no packet. A SIGTERM that comes
// between its listening and its loop is lost, for the loop's start forgets it (2.0.11, mosquitto.c:
// `run = 1`).
inline bool serves(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  std::array<char, 16> bytes{};
  bool closed = false;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) {
    ssize_t got = 1;
    while (got > 0) got = recv(fd, bytes.data(), bytes.size(), 0);
    closed = got == 0 || errno == ECONNRESET;
  }
  close(fd);
  return closed;
}

class Broker {
 public:
  // `lines` are added to the configuration.
  explicit Broker(const std::string& lines = "allow_anonymous true\n") : lines_(lines) { start(); }
  ~Broker() { end(SIGTERM); }
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  void start() {
    dir_.write("broker.conf",
               "listener " + std::to_string(port_) + " 127.0.0.1\nuser root\n" + lines_);
    // It ends with the test, also when that is killed.
    pid_ = spawn(
        {"setpriv", "--pdeathsig", "KILL", "/usr/sbin/mosquitto", "-c", dir_.file("broker.conf")});
    if (wait_for([this] { return serves(port_); })) return;
    kill();
    throw std::runtime_error("no mosquitto");
  }

  void kill() { end(SIGKILL); }
  void end(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void freeze(bool frozen) { ::kill(pid_, frozen ? SIGSTOP : SIGCONT); }

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& scheme = "mqtt", const std::string& host = "127.0.0.1") const {
    return scheme + "://" + host + ":" + std::to_string(port_);
  }

 private:
  TempDir dir_;
  std::string lines_;
  std::uint16_t port_ = free_port();
  pid_t pid_ = -1;
};

}  // namespace bascule::test
