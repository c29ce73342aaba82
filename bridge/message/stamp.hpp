// The stamp: what a bascule writes on every message that it forwards over MQTT 5, so that a
// receiver can drop repeats and a bridge can see a loop. Two user properties:
//
//   bascule-stamp: ORIGIN/EPOCH/LANE/SEQUENCE/CAPTURED
//   bascule-via: ID[,ID...]
//
// for example store-42/5f3a9c1e0d2b4a67/sales/1234/1763817600123, and the bridges passed so far,
// oldest first. ORIGIN is the bridge id, EPOCH 16 hex digits drawn when its journal was made,
// CAPTURED the time of journaling in ms since 1970 UTC. ORIGIN and LANE are 1 to 64 characters of
// [A-Za-z0-9._-], and SEQUENCE counts from 1. Of two stamped messages with equal (origin, epoch,
// lane, sequence) the second is a repeat. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule {

inline constexpr std::string_view stamp_property = "bascule-stamp";
inline constexpr std::string_view via_property = "bascule-via";
// On a message that was sent again out of the quarantine: EPOCH/SEQUENCE of the one it was.
inline constexpr std::string_view requeued_property = "bascule-requeued";
inline constexpr int hop_limit = 8;  // bridges a message may pass

struct Stamp {
  std::string_view origin;
  std::string_view epoch;
  std::string_view lane;
  std::uint64_t sequence = 0;
  std::int64_t captured_ms = 0;
};

std::optional<Stamp> parse_stamp(std::string_view text);
std::string format_stamp(const Stamp& stamp);

// Whether `id` is among the bridges of a bascule-via value, and how many these are.
bool passed(std::string_view via, std::string_view id);
int hops(std::string_view via);

// Copies `block` (valid) to `out` (another place) with the stamp set (an older stamp is replaced),
// `id` added to bascule-via, and the message expiry interval lowered by `waited_s`, but not below
// 1. The other properties keep their order; the stamp and bascule-via come last.
void restamp(std::string_view block, const Stamp& stamp, std::string_view id,
             std::uint32_t waited_s, std::string& out);

}  // namespace bascule
