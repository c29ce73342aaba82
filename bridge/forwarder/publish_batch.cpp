#include "forwarder/publish_batch.hpp"

#include <algorithm>

#include "message/properties.hpp"
#include "message/stamp.hpp"

namespace bascule {

// Why it can never go; empty: it can.
std::string PublishBatch::unfit(const Message& message) const {
  const auto over = [](const std::string& what, std::uint64_t is, const char* of,
                       std::uint64_t most, const char* key) {
    return what + std::to_string(is) + of + ", and this link publishes " + std::to_string(most) +
           " at most (" + key + ")";
  };
  const std::size_t levels = 1 + std::ranges::count(message.topic, '/');
  if (publish_.payload_bytes != 0 && message.payload.size() > publish_.payload_bytes) {
    return over("its payload has ", message.payload.size(), " bytes", publish_.payload_bytes,
                "max_payload");
  }
  if (publish_.topic.levels != 0 && levels > publish_.topic.levels) {
    return over("its topic has ", levels, " levels", publish_.topic.levels, "topic.levels");
  }
  if (publish_.topic.bytes != 0 && message.topic.size() > publish_.topic.bytes) {
    return over("its topic has ", message.topic.size(), " bytes", publish_.topic.bytes,
                "topic.bytes");
  }
  // Fixed header, topic length, packet id, property length: 16 bytes at the most.
  const std::size_t packet_bytes =
      message.topic.size() + message.properties.size() + message.payload.size() + 16;
  if (packet_bytes <= limits_.maximum_packet_bytes) return {};
  return "larger than the broker's maximum packet size of " +
         std::to_string(limits_.maximum_packet_bytes) + " bytes";
}

std::string PublishBatch::add(const LaneItem& item, std::uint64_t tag, std::string_view lane,
                              bool replayed, std::int64_t now_ms) {
  Message message = item.record.message;
  if (limits_.protocol == Protocol::v5) {
    const Stamp stamp{bridge_id_, epoch_, lane, item.record.sequence, item.captured_wall_ms};
    const auto waited_s = static_cast<std::uint32_t>(
        std::max<std::int64_t>(0, now_ms - item.captured_boottime_ms) / 1'000);
    std::string& properties = properties_[messages_.size()];
    if (stamps_) {
      restamp(message, stamp, waited_s, prover_, properties);
    } else {
      copy_aged(message.properties, waited_s, properties);
    }
    if (replayed) {
      append_property(properties, {PropertyId::user_property, 0, replayed_property, "1"});
    }
    message.properties = properties;
  } else {
    message.properties = {};
  }
  if (std::string why = unfit(message); !why.empty()) return why;
  message.qos = qos_of(item);
  if (message.retain && !limits_.retain_available) ++unretained_;
  message.retain = message.retain && limits_.retain_available;
  messages_.push_back({message, tag});
  return {};
}

}  // namespace bascule
