// A relay: stands between a client library and its broker, so that we decide what passes.
//
// Paho acknowledges a message as soon as its callback returns, and Paho C 1.3.12 frees a publish
// that it still lists as unacknowledged when a write fails (a use after free at the next connect).
// Both are out of its reach here: the library's descriptor is made one end of a socket pair, and a
// thread copies bytes, encrypted or not, between the other end and the broker. cut() keeps back
// whatever the library writes afterwards; the library never sees a write fail, only the end of
// what it reads.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <future>
#include <thread>

namespace bascule {

class Relay {
 public:
  // Takes over the connected stream socket `library_fd`; the library goes on using that number and
  // closes it. No other thread may use it meanwhile. Throws std::system_error.
  explicit Relay(int library_fd);
  ~Relay();  // as cut(); the library must have closed its descriptor
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Nothing that the library writes after this reaches the broker. Any thread.
  void cut();
  // The library has closed its descriptor: what it wrote before reaches the broker, if that takes
  // it within `patience`. Blocks until then. Once.
  void finish(std::chrono::milliseconds patience);

 private:
  // Bytes that were read from one side and wait to be written to the other.
  struct Buffer {
    std::array<char, 65'536> bytes;
    std::size_t begin = 0;
    std::size_t end = 0;
    bool empty() const { return begin == end; }
  };

  void run();
  bool wait();                          // until something can be done; false: broken
  bool fill(Buffer& buffer, int from);  // false: the end
  bool drain(Buffer& buffer, int to);   // false: nobody takes it
  void end_of_broker();

  int broker_ = -1;
  int library_ = -1;
  bool broker_ended_ = false;  // of the relay's thread
  Buffer to_broker_;
  Buffer to_library_;
  short broker_ready_ = 0;
  short library_ready_ = 0;
  std::promise<void> ended_;
  std::thread thread_;
};

}  // namespace bascule
