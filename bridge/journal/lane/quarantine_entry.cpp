#include "journal/lane/quarantine_entry.hpp"

#include <utility>

namespace bascule {
namespace {

constexpr std::size_t head_bytes_max = 64 << 10;

}  // namespace

QuarantineEntry quarantine_entry(Direction direction, LaneSequence place, const Message& message,
                                 std::string reason, InputKind kind) {
  QuarantineEntry entry;
  entry.direction = direction;
  entry.lane = place.lane;
  entry.sequence = place.sequence;
  entry.reason = std::move(reason);
  entry.topic = message.topic;
  entry.properties = message.properties;
  entry.payload = place.lane == 0 ? message.payload.substr(0, head_bytes_max) : message.payload;
  entry.size = message.payload.size();
  entry.qos = message.qos;
  entry.retain = message.retain;
  entry.kind = kind;
  return entry;
}

}  // namespace bascule
