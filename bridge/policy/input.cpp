#include "policy/input.hpp"

#include "message/properties.hpp"
#include "message/stamp.hpp"

namespace bascule {
namespace {

bascule_bytes bytes(std::string_view text) { return {text.data(), text.size()}; }

static_assert(static_cast<int>(InputKind::resolution) == BASCULE_RESOLUTION);
static_assert(static_cast<int>(InputKind::wake) == BASCULE_WAKE);
static_assert(static_cast<int>(InputKind::link) == BASCULE_LINK);
static_assert(static_cast<int>(Direction::down) == BASCULE_DOWN);

}  // namespace

Input::Input(const LaneState& lane, const Batch& batch, const Record& record,
             std::string_view bridge_id, std::string_view epoch, std::int64_t wall_ms,
             bool clock_trusted) {
  raw_.size = sizeof raw_;
  raw_.kind = static_cast<std::int32_t>(record.kind);
  raw_.direction = static_cast<std::int32_t>(lane.direction);
  raw_.origin = bytes(bridge_id);
  raw_.epoch = raw_.bridge_epoch = bytes(epoch);
  raw_.lane = bytes(lane.name);
  raw_.sequence = raw_.number = record.sequence;
  raw_.topic = bytes(record.message.topic);
  raw_.payload = bytes(record.message.payload);
  raw_.qos = static_cast<std::int32_t>(record.message.qos);
  raw_.retain = record.message.retain ? 1 : 0;
  raw_.wall_ms = wall_ms;
  raw_.boottime_ms = batch.captured_ms;
  raw_.boot = batch.boot;
  raw_.clock_trusted = clock_trusted ? 1 : 0;
  raw_.central_up = record.central_up ? 1 : 0;
  if (!record.message.properties.empty()) read_properties(record.message.properties);
}

void Input::read_properties(std::string_view block) {
  PropertyReader reader(block);
  properties_.reserve(8);
  while (const auto property = reader.next()) {
    switch (property->id) {
      case PropertyId::content_type:
        raw_.content_type = bytes(property->value);
        break;
      case PropertyId::response_topic:
        raw_.response_topic = bytes(property->value);
        break;
      case PropertyId::correlation_data:
        raw_.correlation_data = bytes(property->value);
        break;
      case PropertyId::user_property:
        if (property->name == stamp_property) {
          if (const auto stamp = parse_stamp(property->value)) {
            raw_.origin = bytes(stamp->origin);
            raw_.epoch = bytes(stamp->epoch);
            raw_.lane = bytes(stamp->lane);
            raw_.sequence = stamp->sequence;
          }
        } else if (property->name != via_property) {
          properties_.push_back({bytes(property->name), bytes(property->value)});
        }
        break;
      default:
        break;
    }
  }
  raw_.properties = properties_.data();
  raw_.property_count = properties_.size();
}

}  // namespace bascule
