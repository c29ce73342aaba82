// The messages that go to the link in one call, as the far broker gets them: stamped, with what
// is left of their expiry, and no more QoS and retain than it has. Lives on a link's loop thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "forwarder/lane/lane_reader.hpp"
#include "link/link.hpp"
#include "message/proof.hpp"

namespace bascule {

class PublishBatch {
 public:
  // `stamp_key` proves the stamps: see message/proof.hpp.
  explicit PublishBatch(std::string bridge_id, std::string_view stamp_key = {})
      : bridge_id_(std::move(bridge_id)), prover_(stamp_key), properties_(messages_max) {}

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

  bool full() const { return messages_.size() == messages_max; }
  bool empty() const { return messages_.empty(); }
  std::span<const Outgoing> messages() const { return messages_; }
  void clear() { messages_.clear(); }

 private:
  static constexpr std::size_t messages_max = 256;

  std::string bridge_id_;
  std::string epoch_;
  Prover prover_;
  Limits limits_;
  std::vector<Outgoing> messages_;
  std::vector<std::string> properties_;  // what messages_ point to
};

}  // namespace bascule
