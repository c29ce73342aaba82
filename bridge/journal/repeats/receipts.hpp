// The deliveries of one broker session, as far back as they are remembered. A broker that did not
// get our acknowledgement delivers again: with DUP, under the same packet id, what it delivered
// before. One owner; not thread-safe.
//
// An id is used again, for another message, so the id alone says nothing; nor does the content,
// where a device says the same thing each second. What is taken for a repeat is acknowledged and
// dropped, and so must be one:
//
//   - the id's newest delivery has this content and is one of the last `trusted` ones. Ids go round
//     in 65,535, and a broker gives none away that it waits for; in half a round nobody comes by
//     the same id twice;
//   - or an older delivery has this id and this content, and no other delivery that is remembered
//     has the content. Some brokers have more on the way than there are ids.
#pragma once

#include <cstdint>
#include <vector>

#include "journal/lane/record.hpp"

namespace bascule {

class Receipts {
 public:
  static constexpr std::uint32_t remembered = 131'072;  // two rounds of packet ids
  static constexpr std::uint32_t trusted = 32'768;

  // A delivery, newer than all others. Packet id 0, QoS 0, cannot come again. At QoS 2 an id's
  // older deliveries are over; whether it comes again itself is known by the ids that are held.
  void add(const Receipt& receipt);
  bool contains(std::uint16_t packet_id, std::uint32_t digest) const;
  void clear() { *this = {}; }

  std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }
  std::uint64_t added() const { return added_; }
  bool forgot() const { return added_ > entries_.size(); }  // the oldest made room

  // Oldest first.
  template <typename Visit>
  void each(const Visit& visit) const {
    for (std::uint64_t order = added_ - entries_.size(); order < added_; ++order) {
      visit(entries_[order % remembered].receipt());
    }
  }

 private:
  struct Entry {
    std::uint32_t digest = 0;
    std::uint32_t before = 0;  // with a digest of the same bucket: its place in entries_, + 1
    std::uint16_t packet_id = 0;
    bool exactly_once = false;
    Receipt receipt() const { return {digest, packet_id, 0, exactly_once}; }
  };
  struct Newest {
    std::uint64_t order = 0;  // + 1; 0: none
    std::uint32_t digest = 0;
  };

  // 12 and 16 bytes each, made as they are needed: 4 MiB at the most.
  std::vector<Entry> entries_;         // a ring of `remembered`, by order
  std::vector<std::uint32_t> latest_;  // by bucket: place of its newest, + 1
  std::vector<Newest> newest_;         // by packet id
  std::uint64_t added_ = 0;
};

}  // namespace bascule
