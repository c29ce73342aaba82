// The publishes of one link that are on their way, and what has become of them. Each gets exactly
// one outcome: the first one counts. Time is an argument. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "link/link.hpp"

namespace bascule {

class InFlight {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Notes a publish and returns its serial number, which rises by one for the life of the link.
  std::uint64_t add(std::uint64_t tag, Qos qos, Time now);

  // Settles one, loses every one (with a reason), or every one of QoS 0. True when outcomes now
  // wait to be taken and none did before: the moment to tell whoever takes them.
  bool settle(std::uint64_t serial, Outcome::Kind kind, std::uint8_t reason, Time now);
  bool lose_all(std::uint8_t reason = 0);
  bool lose_qos0();

  // The broker has one of QoS 2, and it is our turn until release(). Not settled by that; true as
  // above.
  bool receive(std::uint64_t serial, Time now);
  void release(std::uint64_t serial, Time now);

  // Moves the outcomes that wait, in the order in which they came, to the empty `out`.
  void take(std::vector<Outcome>& out);

  std::size_t size() const;     // how many are unsettled
  std::uint64_t first() const;  // the serial number of the oldest of them
  // The oldest of them that is not our turn; `since` we wait for it. Its serial number is what the
  // broker must have read.
  struct Waiting {
    std::uint64_t serial;
    Time since;
  };
  std::optional<Waiting> waiting() const;
  std::uint64_t next() const;  // that add() will return
  std::chrono::duration<double, std::milli> last_round_trip() const;

 private:
  struct Publish {
    std::uint64_t tag;
    Time added;
    Qos qos;
    bool open;
    bool ours = false;          // PUBREC came, and release() did not
    std::uint64_t follows = 0;  // released: the serial number that was next then
  };

  Publish* find(std::uint64_t serial);  // an open one, or nullptr
  void close(Publish& publish, Outcome::Kind kind, std::uint8_t reason);
  void trim();

  mutable std::mutex mutex_;
  std::deque<Publish> publishes_;  // the front one is open, or there is none
  std::uint64_t first_ = 1;        // the serial number of the front one
  std::size_t open_ = 0;
  std::vector<Outcome> outcomes_;
  std::chrono::duration<double, std::milli> round_trip_{0};
};

}  // namespace bascule
