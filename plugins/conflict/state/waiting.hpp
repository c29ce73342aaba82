// What waits at the authority: ops that are parked, for their `prev`, for the time or for a person,
// and ops of the next batch. In the host's map; state.cpp lists the keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/policy.hpp"
#include "conflict/record/history.hpp"
#include "conflict/state/counters.hpp"

namespace bascule::conflict {

// An op that waits: for its `prev`, for the time, or for a person.
struct Parked {
  Op op;
  Verdict verdict = Verdict::hold;
  std::string reason;
  std::int64_t case_number = -1;
  Violation violation;
};

class Waiting {
 public:
  Waiting(plugin::Step& step, Counters& counters) : step_(step), counters_(counters) {}

  std::optional<Parked> parked(std::string_view op) const;
  void put(const Parked& parked);
  void erase(const Parked& parked);
  bool has_parked(std::string_view key) const;  // an op of this record
  // Ops that wait for another one.
  void wait(std::string_view prev, std::string_view op);
  std::vector<std::string> take_waiting(std::string_view prev);
  // Ops that wait for the time; `take` gives those up to then, and `next` the earliest other.
  void wait_until(std::int64_t ms, std::string_view op);
  void wait_no_longer(std::int64_t ms, std::string_view op);
  std::vector<std::string> take_due(std::int64_t now_ms);
  std::optional<std::int64_t> next_due() const;

  // The batch that gathers, by arrival.
  void queue(const Op& op);
  std::vector<Op> take_queued(std::size_t count_max);
  // The last of them that was made at the centre, of this record.
  std::optional<std::string> last_central(std::string_view key) const;
  bool has_queued() const;

 private:
  plugin::Step& step_;
  Counters& counters_;
};

}  // namespace bascule::conflict
