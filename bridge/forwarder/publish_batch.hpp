// The messages that go to the link in one call, as the far broker gets them: stamped, with what
// is left of their expiry, and no more QoS and retain than it has. What it cannot be sent is found
// out here, and nowhere else. Lives on a link's loop thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "forwarder/lane/lane_reader.hpp"
#include "link/link.hpp"
#include "message/proof.hpp"

namespace bascule {

// What the settings of a link let be published there. Each 0: no limit.
struct PublishLimits {
  std::uint32_t payload_bytes = 0;
  TopicLimits topic{};
};

class PublishBatch {
 public:
  // `stamp_key` proves the stamps: see message/proof.hpp. `stamps`: false, there are none.
  explicit PublishBatch(std::string bridge_id, std::string_view stamp_key = {},
                        PublishLimits publish = {}, bool stamps = true)
      : bridge_id_(std::move(bridge_id)),
        prover_(stamp_key),
        publish_(publish),
        stamps_(stamps),
        properties_(messages_max) {}

  // What stamps say, and what the broker of this connection can take.
  void set_epoch(std::string epoch) { epoch_ = std::move(epoch); }
  const std::string& epoch() const { return epoch_; }
  void set_limits(const Limits& limits) { limits_ = limits; }

  Qos qos_of(const LaneItem& item) const {
    return std::min(item.record.message.qos, limits_.maximum_qos);
  }

  // Adds it, unless it can never go: then says why; empty: it was added. Not when full(). The
  // item's views have to live until clear().
  // `replayed`: the broker has had it before, and lost it.
  std::string add(const LaneItem& item, std::uint64_t tag, std::string_view lane, bool replayed,
                  std::int64_t now_ms);
  Outgoing& newest() { return messages_.back(); }
  // That went without the retain flag that they had, since the start. Any thread.
  std::uint64_t unretained() const { return unretained_; }

  bool full() const { return messages_.size() == messages_max; }
  bool empty() const { return messages_.empty(); }
  std::span<const Outgoing> messages() const { return messages_; }
  void clear() { messages_.clear(); }

 private:
  std::string unfit(const Message& message) const;

  static constexpr std::size_t messages_max = 256;

  std::string bridge_id_;
  std::string epoch_;
  Prover prover_;
  const PublishLimits publish_;
  const bool stamps_;
  Limits limits_;
  std::vector<Outgoing> messages_;
  std::vector<std::string> properties_;  // what messages_ point to
  std::atomic<std::uint64_t> unretained_ = 0;
};

}  // namespace bascule
