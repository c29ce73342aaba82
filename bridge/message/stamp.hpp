// The stamp: what a bascule writes on every message that it forwards over MQTT 5, so that a
// receiver can drop repeats and a bridge can see a loop. A user property, and a second one where
// the message had passed other bridges before:
//
//   bascule-stamp: ORIGIN/EPOCH/LANE/SEQUENCE/CAPTURED/PROOF
//   bascule-via: ID,ID[,ID...]
//
// for example store-42/5f3a9c1e0d2b4a67/sales/1234/1763817600123/q3mJ0fXyB2k, and the bridges
// passed so far, oldest first, ORIGIN last. ORIGIN is the bridge id, EPOCH 16 hex digits drawn when
// its journal was made, CAPTURED the time of journaling in ms since 1970 UTC. ORIGIN and LANE are 1
// to 64 characters of [A-Za-z0-9._-], and SEQUENCE counts from 1. PROOF shows that the stamp and
// the bridges are this message's (proof.hpp). More fields may follow one day; the first five stay.
//
// Of two messages whose stamps are proven and have equal (origin, epoch, lane, sequence) the second
// is a repeat. A stamp that is not proven means nothing: it was copied from another message, or a
// broker changed the topic on the way, or it comes from a bascule with another key, or from before
// there were proofs. Its message is a new one, and crosses without it. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "message/message.hpp"
#include "message/proof.hpp"

namespace bascule {

inline constexpr std::string_view stamp_property = "bascule-stamp";
inline constexpr std::string_view via_property = "bascule-via";
// On a message that was sent again out of the quarantine: EPOCH/SEQUENCE of the one it was.
inline constexpr std::string_view requeued_property = "bascule-requeued";
// On what a broker is sent again after it lost it; the value is 1.
inline constexpr std::string_view replayed_property = "bascule-replayed";
inline constexpr int hop_limit = 8;  // bridges a message may pass

struct Stamp {
  std::string_view origin;
  std::string_view epoch;
  std::string_view lane;
  std::uint64_t sequence = 0;
  std::int64_t captured_ms = 0;
  std::string_view proof = {};  // empty: none
};

// Reads one with a proof, or without.
std::optional<Stamp> parse_stamp(std::string_view text);
std::string format_stamp(const Stamp& stamp);

// What a message bears of a stamp, as it stands there. Both empty: nothing. Only the first of each
// counts, and a bascule writes one.
struct StampText {
  std::string_view stamp;
  std::string_view via;
};
StampText find_stamp(std::string_view block);

// The stamp of the message, if it is proven.
std::optional<Stamp> proven_stamp(const StampText& text, const Message& message, Prover& prover);

// The bridges that it passed, as bascule-via has them: also where the origin is the only one.
std::string_view bridges(const StampText& text);

// Whether `id` is among the bridges, and how many these are.
bool passed(std::string_view via, std::string_view id);
int hops(std::string_view via);

// Copies the message's properties (valid) to `out` (another place) with the stamp set and proven
// for its topic and payload, and the message expiry interval lowered by `waited_s`, but not below
// 1. An older stamp, which must be proven, is replaced, and its origin is in bascule-via then; a
// bascule-replayed goes. The other properties keep their order; the stamp and bascule-via come
// last.
void restamp(const Message& message, const Stamp& stamp, std::uint32_t waited_s, Prover& prover,
             std::string& out);

// Likewise, without a stamp: what the bridges before have put on it goes, too. Returns that.
StampText copy_aged(std::string_view block, std::uint32_t waited_s, std::string& out);

// Copies `block` (valid) to `out` (another place) without stamp and bascule-via.
void unstamp(std::string_view block, std::string& out);

}  // namespace bascule
