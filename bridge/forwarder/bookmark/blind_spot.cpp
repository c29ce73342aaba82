#include "forwarder/bookmark/blind_spot.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace bascule {

void BlindSpot::learn(const FarKnowledge& far, const Limits& limits, bool given_up,
                      const std::string& broker) {
  std::string text = find(far, limits, given_up);
  const std::string cost = own_.cost();
  if (!std::exchange(cost_told_, true) && !cost.empty()) spdlog::info("{}: {}", broker, cost);
  const std::lock_guard lock(mutex_);
  if (text == text_) return;
  text_ = std::move(text);
  if (!text_.empty()) spdlog::warn("{}: {}", broker, text_);
}

void BlindSpot::go_on(std::string text) {
  const std::lock_guard lock(mutex_);
  text_ = std::move(text);
}

std::string BlindSpot::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

std::string BlindSpot::find(const FarKnowledge& far, const Limits& limits, bool given_up) const {
  if (given_up) {
    return "the bridge's own messages are left out, for the broker closes the connection over "
           "them: "
           "no state, no bookmark, no events, and should this broker lose what it accepted, that "
           "goes unnoticed; let this user publish and subscribe " +
           own_.prefix() + "#, which is tried again after an hour and at each start";
  }
  if (own_.bookmark(out_).empty()) return {};
  if (!far.readable) {
    return "bookmarks cannot be read back here: should this broker lose what it accepted, that "
           "goes "
           "unnoticed; let this user publish, retain and subscribe " +
           own_.bookmark(out_);
  }
  if (!limits.retain_available) {
    return "this broker retains nothing, so it keeps no bookmark: should it lose what it accepted, "
           "and not this bridge's session, that goes unnoticed";
  }
  if (asks_for_state_ && !own_.state().empty() && far.connection != 0 && !far.online) {
    return "the broker does not show what it retains on " + own_.state() +
           ": should it crash and lose what it accepted last, that goes unnoticed; let this "
           "user publish, retain and subscribe that";
  }
  return {};
}

}  // namespace bascule
