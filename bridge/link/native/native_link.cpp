#include "link/native/native_link.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "clock.hpp"
#include "link/connect_settings.hpp"
#include "link/reason.hpp"

namespace bascule {

namespace {

using namespace std::chrono_literals;
using Kind = ConnectResult::Kind;

constexpr auto goodbye = 1s;  // for DISCONNECT to get out

LinkHandlers nobody() {
  LinkHandlers handlers;
  handlers.on_deliveries = [](std::span<const Delivery>) {};
  handlers.on_outcomes = [](std::span<const Outcome>) {};
  handlers.on_up = [](const Limits&) {};
  handlers.on_down = [](const std::string&) {};
  return handlers;
}

}  // namespace

NativeLink::NativeLink(LinkSettings settings, std::vector<Url> urls)
    : settings_(std::move(settings)), targets_(std::move(urls)) {}

NativeLink::~NativeLink() { stop(0ms); }

void NativeLink::start(LinkHandlers handlers, std::vector<Subscription> subscriptions,
                       std::vector<std::string> unwanted) {
  handlers_ = std::move(handlers);
  subscriptions_ = std::move(subscriptions);
  unwanted_ = std::move(unwanted);
  loop_.post([this] { connect(); });
}

// What is read and not handed in stays with the connection.
bool NativeLink::rest() {
  const bool whole = phase_ == Phase::up && !paused_ && !stopping_ && !held_ && !dropping_ &&
                     session_.publishes.size() == 0;
  if (!whole) return false;
  connection_->rest();
  resting_ = true;
  handlers_ = nobody();
  return true;
}

void NativeLink::take_up(LinkHandlers handlers, std::vector<Subscription> subscriptions,
                         std::vector<std::string> unwanted) {
  loop_.post([this, handlers = std::move(handlers), subscriptions = std::move(subscriptions),
              unwanted = std::move(unwanted)]() mutable {
    resting_ = false;
    handlers_ = std::move(handlers);
    const auto before = std::exchange(subscriptions_, std::move(subscriptions));
    unwanted_ = std::move(unwanted);
    wanted_next_.reset();
    status_.forget_subscriptions();
    const bool whole = phase_ == Phase::up && !held_ && !dropping_;
    if (whole && session_.deliveries.count() == 0) return connection_->go_on(before);
    was_up_ = false;  // as far as these handlers know
    if (phase_ == Phase::idle) return connect();
    at_once_ = true;
    end_connection(std::string(delivered_anew));
  });
}

// --- from connection to connection -------------------------------------------------------------

void NativeLink::connect() {
  if (phase_ != Phase::idle || paused_ || stopping_) return;
  retry_timer_.reset();
  status_.tries(place());
  take_wanted();
  phase_ = Phase::connecting;
  try {
    Connection::Owner& owner = *this;
    connection_ =
        std::make_shared<Connection>(loop_, settings_, targets_.target(), protocol_.next(),
                                     subscriptions_, unwanted_, session_, owner);
    status_.token(session_.credentials.token_until_ms());
    watch();
    if (const auto fault = session_.credentials.fault(); !fault.empty()) {
      status_.error(fault + "; what it held before is used");
    }
  } catch (const std::exception& error) {
    attempt_failed({Kind::refused, error.what(), 0, 0});
  }
}

// A connection refers to its subscriptions by their places, so they change between connections.
void NativeLink::take_wanted() {
  if (!wanted_next_) return;
  subscriptions_ = *std::exchange(wanted_next_, std::nullopt);
  status_.forget_subscriptions();
}

void NativeLink::retry(bool at_once) {
  const double random = std::generate_canonical<double, 32>(random_);
  const auto wait = at_once ? 0ms : backoff_.next(random);
  status_.tries_in(wait);
  retry_timer_ = loop_.after(wait, [this] { connect(); });
}

void NativeLink::sent_on(std::string_view reference, bool moved) {
  if (!targets_.follow(reference, moved)) return;
  const Url& to = targets_.target();
  spdlog::info("link {}: the broker sends us on to {} port {}, {}", settings_.name, to.host,
               to.port, moved ? "from now on" : "for once");
}

void NativeLink::connected(const Limits& limits) {
  phase_ = Phase::subscribing;
  limits_ = held_to(settings_, limits);
  if (!limits.continued) welcomed(limits);
  if (handlers_.on_connected) handlers_.on_connected(limits_);
}

void NativeLink::welcomed(const Limits& limits) {
  up_since_ = Clock::now();
  protocol_.connected(up_since_);
  status_.speaks(limits.protocol);
  status_.warning(protocol_.warning());
  status_.granted(told(settings_, limits));
}

void NativeLink::without_will(const std::string& how) {
  const std::string other = protocol_.warning();
  status_.warning(other.empty() ? how : other + "; " + how);
}

void NativeLink::subscribed(const Limits& limits) {
  if (phase_ != Phase::subscribing) return;
  status_.granted(told(settings_, limits));  // answers to subscribes say more
  limits_ = held_to(settings_, limits);
  phase_ = Phase::up;
  if (!limits.continued) {
    backoff_.up(Clock::now());
    status_.went_up(limits_.session_present, std::exchange(renewed_, false));
    way_back_.up(!targets_.at_other(), Clock::now());
  }
  if (held_) status_.enter(LinkStatus::State::paused);
  was_up_ = true;
  handlers_.on_up(limits_);
}

void NativeLink::subscription(const SubscriptionStatus& status) {
  status_.subscription(status);
  if (status.state != SubscriptionStatus::State::granted) identify(status.filter, 0);
  if (handlers_.on_subscription) handlers_.on_subscription(status);
}

void NativeLink::want(std::vector<Subscription> subscriptions) {
  loop_.post(
      [this, wanted = std::move(subscriptions)]() mutable { wanted_next_ = std::move(wanted); });
}

void NativeLink::identify(const std::string& filter, std::uint32_t identifier) {
  const auto found = std::ranges::find(subscriptions_, filter, &Subscription::filter);
  if (found != subscriptions_.end()) found->identifier = identifier;
}

void NativeLink::unsubscribe(std::vector<std::string> filters) {
  if (phase_ == Phase::subscribing || phase_ == Phase::up) connection_->unsubscribe(filters);
}

void NativeLink::take_back(const std::string& filter) {
  if (phase_ == Phase::up) connection_->take_back(filter);
}

void NativeLink::unsubscribed(const std::string& filter) {
  std::erase(unwanted_, filter);
  if (handlers_.on_unsubscribed) handlers_.on_unsubscribed(filter);
}

void NativeLink::ended(const Connection::End& end) {
  const auto closing_for = std::exchange(close_reason_, "");
  if (!closing_for.empty()) return end_connection(closing_for);
  if (phase_ == Phase::connecting) return attempt_failed(end);
  // Nobody closed a line that is dead: no other client did.
  const bool closed = end.code != 0 || end.lost != 0;
  connection_ended(named(end, false), !closed);
}

void NativeLink::attempt_failed(const Connection::End& end) {
  protocol_.failed(end.kind, end.code, Clock::now());
  connection_ended(named(end, true), true);
}

// We end it ourselves.
void NativeLink::end_connection(const std::string& why) {
  connection_ended({Kind::not_reached, why, 0, 0}, true);
}

// `ours`: the broker did not end it.
void NativeLink::connection_ended(const Connection::End& end, bool ours) {
  const auto now = Clock::now();
  const auto life = now - up_since_;
  // What waits for an answer, of the broker or of ours, may be what it closes over.
  const bool was_quiet = quiet();
  if (phase_ != Phase::idle && phase_ != Phase::connecting) protocol_.ended(now);
  forget_connection();
  if (!paused_ && !stopping_ && !at_once_) status_.failed(end.why);
  const auto takeover = ours ? std::nullopt : takeovers_.ended(end.code, end.why, life, was_quiet);
  if (takeover) status_.error(*takeover);
  backoff_.down(now);
  lose_publishes(end.lost);
  const bool elsewhere = targets_.ended(was_up_);
  if (std::exchange(was_up_, false)) handlers_.on_down(end.why);
  lose_publishes(0);  // of those who did not know yet
  status_.enter(paused_ ? LinkStatus::State::paused : LinkStatus::State::down);
  if (stopping_) return stopped_.set_value();
  const bool at_once = std::exchange(at_once_, false);
  renewed_ = at_once;
  if (!paused_ && !resting_) retry(elsewhere || at_once);
}

// The connection may have called, so it goes when it has returned; until then it must not take in
// what it has read already. From here on its deliveries are forgotten, and nothing can be
// acknowledged that was dropped.
void NativeLink::forget_connection() {
  phase_ = Phase::idle;
  status_.granted({});
  close_reason_.clear();
  watch_timer_.reset();
  close_timer_.reset();
  stop_timer_.reset();
  way_back_.down();
  if (connection_) connection_->abandon();
  loop_.post([gone = std::move(connection_)] {});
  connection_.reset();
  session_.deliveries.forget_all();
  dropping_ = held_ = false;
}

void NativeLink::lose_publishes(std::uint8_t reason) {
  session_.publishes.lose_all(reason);
  settled();
}

// Looks from time to time at what has no event of its own.
void NativeLink::watch() {
  const auto period = std::clamp<std::chrono::milliseconds>(
      std::min(settings_.slow_after / 4, settings_.keep_alive / 20), 10ms, 500ms);
  watch_timer_ = loop_.after(period, [this] { watch(); });
  const auto now = Clock::now();
  if (phase_ == Phase::up && !held_) {
    const auto oldest = session_.publishes.waiting();
    const bool slow = oldest && (now - oldest->since > settings_.slow_after ||
                                 session_.publishes.last_round_trip() > settings_.slow_after);
    status_.enter(slow ? LinkStatus::State::slow : LinkStatus::State::up);
  }
  if (phase_ == Phase::up && !resting_ && protocol_.retry_due(now))
    return close("to try MQTT 5 again");
  if (phase_ == Phase::up && !resting_ && way_back_.due(quiet(), session_.credentials, now)) {
    return go_back();
  }
  connection_->tick(now);
}

void NativeLink::go_back() {
  spdlog::info("link {}: {} can be reached again; it goes back there", settings_.name,
               settings_.url);
  at_once_ = true;
  close("to go back to " + settings_.url);
}

// --- messages ----------------------------------------------------------------------------------

void NativeLink::refused(const std::string& how) {
  const std::uint64_t count = refusals_.add(boottime_ms());
  if (count == 0) return;
  status_.error(count == 1 ? how
                           : how + "; " + std::to_string(count) + " since the last word of it");
}

void NativeLink::deliver(std::span<const Delivery> deliveries) {
  try {
    handlers_.on_deliveries(deliveries);
  } catch (const std::exception& error) {
    spdlog::error("link {}: messages could not be handed in: {}", settings_.name, error.what());
    drop("messages could not be handed in");
  }
  // Nothing of it will be acknowledged, and reading must not stop over it.
  if (dropping_ && !hold_asked_) session_.deliveries.forget_all();
}

// Outside of `up` they only wait for being lost.
void NativeLink::publish(std::span<const Outgoing> messages) {
  if (phase_ == Phase::up) {
    if (!connection_->publish(messages)) loop_.post([this] { settled(); });
    return;
  }
  for (const auto& out : messages) {
    session_.publishes.add(out.tag, out.message.qos, Clock::now());
  }
}

void NativeLink::release(std::uint16_t packet_id) {
  if (connection_) connection_->release(packet_id);
}

void NativeLink::settled() {
  session_.publishes.take(outcomes_);
  if (outcomes_.empty()) return;
  if (const auto ms = session_.publishes.last_round_trip().count(); ms > 0) status_.round_trip(ms);
  auto outcomes = std::move(outcomes_);  // the handler may publish, and fail
  handlers_.on_outcomes(outcomes);
  outcomes.clear();
  outcomes_ = std::move(outcomes);
  if (stopping_ && phase_ == Phase::up && session_.publishes.size() == 0) close("stopped");
}

// While the loop is busy, acknowledgements gather and go out together.
void NativeLink::acknowledge(std::uint64_t tag) {
  auto known = acknowledged_.load();
  while (known < tag && !acknowledged_.compare_exchange_weak(known, tag)) {
  }
  if (known < tag && !acknowledging_.exchange(true)) {
    loop_.post([this] { send_acknowledgements(); });
  }
}

// Who calls drop() and then acknowledges something later must not find it acknowledged by a task of
// before: the tag is read first.
void NativeLink::send_acknowledgements() {
  acknowledging_ = false;
  const auto tag = acknowledged_.load();
  if (dropping_ || !connection_) return;
  connection_->acknowledge(tag);
}

// --- orders ------------------------------------------------------------------------------------

void NativeLink::drop(const std::string& reason) {
  dropping_ = true;
  loop_.post([this, reason] {
    if (connection_) return end_connection(reason);
    dropping_ = false;  // what was delivered went with its connection
  });
}

// What was acknowledged before is told to the broker all the same. Else it would come again after a
// crash, and nobody would know it once its row has made room for others.
void NativeLink::hold(const std::string& reason) {
  const auto kept = acknowledged_.load();
  hold_asked_ = true;
  const bool dropped = dropping_.exchange(true);
  loop_.post([this, reason, kept, dropped] {
    hold_asked_ = false;
    if (!connection_) dropping_ = false;  // what was delivered went with its connection
    if (!connection_ || std::exchange(held_, true)) return;
    status_.hold("paused: " + reason);
    if (!dropped) connection_->acknowledge(kept);
    session_.deliveries.forget_all();
  });
}

void NativeLink::go_on() {
  loop_.post([this] {
    if (!held_) return;
    at_once_ = true;
    end_connection(std::string(delivered_anew));
  });
}

void NativeLink::pause(const std::string& reason) {
  loop_.post([this, reason] {
    if (paused_ || stopping_) return;
    paused_ = true;
    retry_timer_.reset();
    if (phase_ == Phase::idle) {
      status_.enter(LinkStatus::State::paused);
    } else {
      close("paused: " + reason);
    }
  });
}

void NativeLink::resume() {
  loop_.post([this] {
    if (!paused_ || stopping_) return;
    paused_ = false;
    backoff_.reset();
    if (phase_ == Phase::idle) {
      status_.enter(LinkStatus::State::down);
      connect();
    }
  });
}

void NativeLink::reauthenticate() {
  loop_.post([this] {
    if (phase_ != Phase::subscribing && phase_ != Phase::up) return;
    try {
      connection_->reauthenticate();
    } catch (const std::exception& error) {
      status_.error(error.what());
    }
  });
}

void NativeLink::authenticated() {
  spdlog::info("link {}: the broker has taken the new auth.data_file", settings_.name);
}

// Ends the connection in an orderly way, or otherwise if that takes long.
void NativeLink::close(const std::string& reason) {
  if (phase_ == Phase::closing) return;
  close_reason_ = reason;
  const auto farewell = stopping_ ? Connection::Farewell::said : Connection::Farewell::will;
  if (phase_ == Phase::connecting) return connection_->close(farewell);
  phase_ = Phase::closing;
  connection_->close(farewell);
  close_timer_ = loop_.after(goodbye, [this] { end_connection(std::exchange(close_reason_, "")); });
}

void NativeLink::stop(std::chrono::milliseconds deadline) {
  if (stop_called_.exchange(true)) return;
  auto stopped = stopped_.get_future();
  loop_.post([this, deadline] { begin_stop(deadline); });
  stopped.wait();
  loop_.stop();
}

void NativeLink::begin_stop(std::chrono::milliseconds deadline) {
  stopping_ = true;
  retry_timer_.reset();
  if (phase_ == Phase::idle) return stopped_.set_value();
  // Those that were posted on this thread may stand behind what another thread has posted since.
  send_acknowledgements();
  if (phase_ != Phase::up || session_.publishes.size() == 0) return close("stopped");
  stop_timer_ = loop_.after(deadline, [this] {
    if (phase_ == Phase::up) close("stopped");
  });
}

}  // namespace bascule
