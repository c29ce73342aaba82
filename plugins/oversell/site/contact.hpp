// When the authority was last heard, and how long ago that is. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "bascule/policy.hpp"
#include "oversell/options/quantity.hpp"
#include "sdk/moment.hpp"

namespace bascule::oversell {

using sdk::Moment;

// What is known of one authority, by one journal of it.
struct Contact {
  std::optional<Moment> at;  // what it had told by then is current
  bool silent = false;       // it did not answer in time, and was not heard since

  Json json() const {
    Json json{{"silent", silent}};
    if (at) json["at"] = at->json();
    return json;
  }
  static Contact of(const Json& json) {
    Contact contact;
    contact.silent = flag(json, "silent");
    if (json.contains("at")) contact.at = Moment::of(json.at("at"));
    return contact;
  }
};

// Within one boot by boot time, which wall-clock jumps don't touch. Over a reboot only by a wall
// clock that was right before and after; else nobody knows how long the machine was off: nothing.
inline std::optional<std::int64_t> age_ms(const Moment& then, const Moment& now) {
  if (then.boot == now.boot) return std::max<std::int64_t>(now.boottime_ms - then.boottime_ms, 0);
  if (!then.trusted || !now.trusted || now.wall_ms < then.wall_ms) return std::nullopt;
  return now.wall_ms - then.wall_ms;
}

// The contact that a message of the authority proves: when it was sent, not when it came, for it
// may have waited at the broker. Its own clock says when, if both are right.
inline Moment contact(const Moment& received, std::int64_t sent_ms, bool sent_trusted) {
  auto at = received;
  if (!received.trusted || !sent_trusted || sent_ms >= received.wall_ms) return at;
  at.boottime_ms -= received.wall_ms - sent_ms;
  at.wall_ms = sent_ms;
  return at;
}

}  // namespace bascule::oversell
