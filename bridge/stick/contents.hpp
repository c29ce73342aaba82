// What is on a stick: FORMAT.md. Values.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>

#include "message/message.hpp"

namespace bascule {

struct StickHead {
  std::string bridge, epoch, marked;
  std::string bookmark, state;  // topics at the far broker; empty: none
  std::int64_t made_ms = 0;
  bool stamps = true;
  std::map<std::string, std::uint64_t, std::less<>> cursors;  // by lane
};

struct StickLane {
  std::string name;
  std::uint64_t first = 1, last = 0, cursor = 0;
  bool operator==(const StickLane&) const = default;
};

struct StickMessage {
  std::uint64_t sequence = 0;
  // Wall time at which its message expiry interval was as it stands there; 0: the clock there was
  // not to be trusted.
  std::int64_t aged_ms = 0;
  Message message;  // its views live until the next one is read
};

// What a person is told of a file that cannot be used.
struct StickError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace bascule
