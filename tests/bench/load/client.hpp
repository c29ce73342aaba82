// A connection to a broker on this machine that reads and writes as much as it can at once. Each
// error is a std::runtime_error of one sentence. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire.hpp"

namespace load {

std::int64_t now_ns();  // CLOCK_MONOTONIC, which all processes of a machine share

class Client {
 public:
  struct Settings {
    int port = 0;
    Protocol protocol = Protocol::v3_1_1;
    std::string id;
    bool session = false;
    unsigned receive_maximum = 65'535;
    // Time to let more gather once something has come, before it is read: brokers send packet by
    // packet, and being woken for each costs more than all the rest.
    std::int64_t gather_us = 0;
  };

  // Connects, and returns when the broker has said welcome.
  explicit Client(Settings settings);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void disconnect();

  // What is appended goes out with the next turn().
  std::string& out() { return out_; }
  std::size_t unwritten() const { return out_.size() - written_; }

  // Writes what it can and waits until something has come, there is room for what is unwritten, or
  // `until_ns` is reached (0: does not wait).
  void turn(std::int64_t until_ns);

  // The next packet that has come. It lives until the next turn().
  std::optional<Packet> next();

  Protocol protocol() const { return settings_.protocol; }

 private:
  void write();
  void gather() const;
  void read();
  Packet expect(unsigned type, const char* what);

  Settings settings_;
  int socket_ = -1;
  std::string out_;
  std::size_t written_ = 0;
  std::vector<char> in_;
  std::size_t begin_ = 0;  // what is not handed out yet: begin_ to end_
  std::size_t end_ = 0;
};

}  // namespace load
