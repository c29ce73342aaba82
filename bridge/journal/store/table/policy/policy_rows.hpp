// What the journal keeps for policies, besides lanes: the rows of the policy_ tables of FORMAT.md.
// Plain values. A policy's id is that of its input lane up, which never changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "journal/lane/record.hpp"

namespace bascule {

using PolicyId = LaneId;

// A value of a policy's state. The id finds its row without the index.
struct StateRow {
  std::int64_t id = 0;
  std::string value;
};

// An exception that waits for a person. open: nobody has decided; decided: the decision is among
// the policy's inputs; closed: the policy has done with it.
struct Case {
  enum class State : std::uint8_t { open, decided, closed };
  std::int64_t number = 0;
  PolicyId policy = 0;
  std::string kind, subject, data;
  std::int64_t opened_ms = 0;
  State state = State::open;
  std::string decision;  // JSON; from decided on
  std::string decided_by;
  std::int64_t decided_ms = 0;
  std::string outcome;  // JSON; of a closed one
  std::int64_t closed_ms = 0;
};

// How one input was decided, and all that its step rested on but the input and the state.
struct Decision {
  LaneId lane = 0;
  std::uint64_t sequence = 0;
  std::uint64_t after = 0;  // inputs of the other direction that were decided before it
  std::int64_t wall_ms = 0;
  bool clock_trusted = false;
  std::string emitted;  // "up/sales/17-18;down/default/3-3"
  std::string verdict;  // JSON; empty: the policy gave none
};

// Inputs first..last of a lane were begun, perhaps in vain: `first` so many times, the others once.
struct Begun {
  std::uint64_t first = 0, last = 0;
  unsigned attempts = 0;
  std::string reason;  // what the last attempt failed of; empty: unknown
};

// A nightly run: of which day, and the last input that belongs to it.
struct DailyRun {
  std::string day;  // "2026-11-22"
  std::uint64_t last = 0;
};

}  // namespace bascule
