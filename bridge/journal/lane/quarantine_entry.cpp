#include "journal/lane/quarantine_entry.hpp"

#include <utility>

namespace bascule {
namespace {

constexpr std::size_t payload_bytes_max = 64 << 10;

}  // namespace

QuarantineEntry quarantine_entry(Direction direction, LaneSequence place, const Message& message,
                                 std::string reason) {
  return {direction,
          place.lane,
          place.sequence,
          std::move(reason),
          std::string(message.topic),
          std::string(message.properties),
          std::string(message.payload.substr(0, payload_bytes_max)),
          message.payload.size()};
}

}  // namespace bascule
