#include "crossing/filter_farewell.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "clock.hpp"

namespace bascule {
FilterFarewell::FilterFarewell(Exchange& exchange, const Subscriptions& subscriptions, Link& link,
                               std::function<void(const std::string&)> say,
                               std::function<void(const std::string&)> note,
                               FarewellPatience patience)
    : exchange_(exchange),
      subscriptions_(subscriptions),
      link_(link),
      say_(std::move(say)),
      note_(std::move(note)),
      patience_(patience),
      unfinished_(subscriptions.unfinished()) {
  // Paho hands in what the session has queued before it says that it is connected.
  if (unfinished_ || !subscriptions.exchanged().empty()) exchange_.begin();
}

void FilterFarewell::connected(const Limits& limits) {
  if (!limits.session_present) exchange_.forget();
  former_ = subscriptions_.exchanged();
  if (former_.empty() && !unfinished_) return;
  if (limits.session_present && limits.identifiers_available) return;
  exchange_.end();
  unfinished_ = false;
  // The new ones are asked for when this has returned.
  link_.loop().post([this] {
    if (!std::exchange(unsubscribed_, true)) link_.unsubscribe(former_);
  });
}

void FilterFarewell::subscribed() {
  up_ = true;
  if ((former_.empty() && !unfinished_) || unsubscribed_) return;
  if (!exchange_.under_way()) return let_go();  // what an earlier connection had said came back
  say_(exchange_.both());
  wait();
}

void FilterFarewell::disconnected() {
  up_ = unsubscribed_ = false;
  waiting_.reset();
  noting_.reset();
  gone_.clear();
}

// What was delivered before the word is on one side of it, and what comes behind it on the other.
void FilterFarewell::listen(std::string_view word) {
  const Exchange::Heard what = exchange_.hear(word);
  if (what != Exchange::Heard::nothing) link_.loop().post([this, what] { heard(what); });
}

void FilterFarewell::heard(Exchange::Heard what) {
  if (!up_) return;
  if (what == Exchange::Heard::over) return finish();
  if (!unsubscribed_) let_go();
}

void FilterFarewell::let_go() {
  unsubscribed_ = true;
  link_.unsubscribe(former_);
  if (!exchange_.under_way()) return finish();
  say_(exchange_.over());
  wait();
}

void FilterFarewell::wait() {
  said_ms_ = quiet_since_ms_ = boottime_ms();
  waiting_ = link_.loop().after(patience_.look_every, [this] { look(); });
}

void FilterFarewell::look() {
  const std::int64_t now_ms = boottime_ms();
  const std::uint64_t delivered = delivered_;
  const bool comes = std::exchange(seen_, delivered) != delivered;
  if (comes || link_.status().state == LinkStatus::State::paused) quiet_since_ms_ = now_ms;
  if (now_ms - quiet_since_ms_ < patience_.quiet.count() &&
      now_ms - said_ms_ < patience_.all.count()) {
    waiting_ = link_.loop().after(patience_.look_every, [this] { look(); });
    return;
  }
  exchange_.end();
  if (unsubscribed_) return finish();
  spdlog::warn(
      "{}: the broker does not let the bridge hear its own topics; what comes while it takes leave "
      "of {} filters of an earlier configuration may cross twice",
      link_.status().broker, former_.size());
  let_go();
}

void FilterFarewell::finish() {
  waiting_.reset();
  if (!std::exchange(unsubscribed_, true)) link_.unsubscribe(former_);
  noting_ = link_.loop().after(patience_.note_after, [this] { note_all(); });
}

void FilterFarewell::note_all() {
  unfinished_ = false;
  noting_.reset();
  for (const std::string& filter : std::exchange(gone_, {})) note_(filter);
}

void FilterFarewell::unsubscribed(const std::string& filter) {
  if (exchange_.under_way() || noting_) {
    gone_.insert(filter);
  } else {
    note_(filter);
  }
}

}  // namespace bascule
