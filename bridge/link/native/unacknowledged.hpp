// The deliveries of one link that were handed in and are not yet acknowledged. Numbers them: tags
// rise by one for the life of the link, over all its connections. One thread.
// Each is answered in its own way: a message by its QoS, a release with PUBCOMP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "link/codec/packet.hpp"

namespace bascule {

class Unacknowledged {
 public:
  // Notes a delivery (packet id 0: QoS 0, which needs no answer) and returns its tag.
  std::uint64_t add(std::uint16_t packet_id, PacketType answer, std::size_t bytes) {
    entries_.push_back({packet_id, answer, bytes});
    bytes_ += bytes;
    return first_ + entries_.size() - 1;
  }

  // Forgets all up to and including `tag`, and shows the answers and packet ids among them to
  // `take`, in the order of delivery. Tags of before the last forget_all() are none any more.
  template <class Take>
  void acknowledge(std::uint64_t tag, Take take) {
    for (; first_ + begin_ <= tag && begin_ < entries_.size(); ++begin_) {
      const Entry& entry = entries_[begin_];
      bytes_ -= entry.bytes;
      if (entry.packet_id != 0) take(entry.answer, entry.packet_id);
    }
    compact();
  }

  // The connection ended; the broker will deliver them again.
  void forget_all() {
    first_ += entries_.size();
    entries_.clear();
    begin_ = 0;
    bytes_ = 0;
  }

  std::size_t count() const { return entries_.size() - begin_; }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::uint16_t packet_id;
    PacketType answer;
    std::size_t bytes;
  };

  // Each entry is moved at most once for each that went, so it costs nothing to speak of.
  void compact() {
    if (begin_ < entries_.size() - begin_) return;
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(begin_));
    first_ += begin_;
    begin_ = 0;
  }

  std::vector<Entry> entries_;
  std::size_t begin_ = 0;    // the first that is not acknowledged
  std::uint64_t first_ = 1;  // the tag of entries_[0]
  std::size_t bytes_ = 0;
};

}  // namespace bascule
