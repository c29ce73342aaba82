// Notices a dead line within 1.2 times the keep alive, and tells when a PINGREQ is due. A large
// message on a slow line is no dead line: as long as what we sent goes on arriving at the other
// end, an answer to it need not have come. Pure; time is an argument; one thread.
//
// Called tick() at least every twentieth of the keep alive, it promises: when nothing comes from
// the broker any more, or an acknowledgement is missing from what comes, that is noticed in time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace bascule {

class KeepAlive {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  // How far what we sent has come: bytes that the other end has confirmed, on the level of TCP,
  // and whether that is all.
  struct Progress {
    std::uint64_t bytes = 0;
    bool all = true;
  };

  // The oldest publish that waits for its acknowledgement.
  struct Waiting {
    std::uint64_t serial = 0;
    Time since;
  };

  enum class Verdict : std::uint8_t { fine, ping_due, dead_line, never_acknowledged };

  void begin(Duration keep_alive, Time now);

  void heard(Time now) { heard_ = now; }  // something came
  void sent(Time now) { sent_ = now; }    // something was written
  void pinged(std::uint64_t last_serial, Time now);

  // PINGRESP: the time since the ping, if there was one.
  std::optional<Duration> answered(Time now);

  Verdict tick(const Progress& progress, const std::optional<Waiting>& oldest, Time now);

 private:
  bool ping_due(const std::optional<Waiting>& oldest, Time now) const;

  Duration half_{};
  Time heard_;
  Time sent_;
  Time moved_;      // when more of what we sent had arrived
  Time ping_base_;  // of the last ping, or the begin
  std::optional<Time> ping_;
  std::uint64_t ping_serial_ = 0;     // the last publish before the ping
  std::optional<Time> ping_arrived_;  // when all we sent, with the ping, had arrived
  std::uint64_t bytes_ = 0;
  std::uint64_t seen_through_ = 0;  // the broker has read the publishes up to this one
  std::uint64_t overdue_ = 0;       // the oldest one, which it has read
  Time overdue_since_;
};

}  // namespace bascule
