#include "link/paho/paho_link.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "link/connect_settings.hpp"
#include "link/paho/paho_options.hpp"
#include "link/reason.hpp"
#include "link/tls_verdict.hpp"
#include "link/token/token.hpp"

namespace bascule {

namespace {

using namespace std::chrono_literals;

constexpr auto goodbye = 1s;  // for DISCONNECT to get out

}  // namespace

PahoLink::PahoLink(LinkSettings settings, Url url)
    : settings_(std::move(settings)), url_(std::move(url)) {
  watch_tls_verdicts();
}

PahoLink::~PahoLink() { stop(0ms); }

void PahoLink::start(LinkHandlers handlers, std::vector<Subscription> subscriptions,
                     std::vector<std::string> unwanted) {
  handlers_ = std::move(handlers);
  subscriptions_ = std::move(subscriptions);
  unwanted_ = std::move(unwanted);
  port_->on_deliveries = handlers_.on_deliveries;
  port_->on_connect = [this](std::uint64_t attempt, const ConnectResult& result) {
    on_connect(attempt, result);
  };
  port_->on_subscribed = [this](std::uint64_t attempt, const std::string& filter, int code) {
    on_subscribed(attempt, filter, code);
  };
  port_->on_unsubscribed = [this](std::uint64_t attempt, const std::string& filter) {
    on_unsubscribed(attempt, filter);
  };
  port_->on_ended = [this](std::uint64_t attempt, const std::string& why, std::uint8_t code) {
    on_ended(attempt, why, code);
  };
  port_->on_outcomes = [this] { on_outcomes(); };
  port_->loop.post([this] { connect(); });
}

void PahoLink::publish(std::span<const Outgoing> messages) {
  for (const auto& out : messages) {
    const auto serial = port_->in_flight.add(out.tag, out.message.qos, Clock::now());
    client_->publish(out.message, serial);
  }
}

void PahoLink::acknowledge(std::uint64_t tag) { port_->gate.acknowledge(tag); }

// The cut comes first: once the gate is closed, the reading thread returns and Paho acknowledges.
void PahoLink::drop(const std::string& reason) {
  {
    const std::lock_guard lock(drop_mutex_);
    drop_reason_ = reason;
  }
  port_->cut();
  port_->gate.close();
}

void PahoLink::hold(const std::string& reason) {
  port_->loop.post([this] { held_ = true; });
  drop("paused: " + reason);
}

void PahoLink::go_on() {
  port_->loop.post([this] {
    if (!std::exchange(held_, false) || phase_ != Phase::idle || paused_ || stopping_) return;
    status_.enter(LinkStatus::State::down);
    connect();
  });
}

void PahoLink::pause(const std::string& reason) {
  port_->loop.post([this, reason] {
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

void PahoLink::resume() {
  port_->loop.post([this] {
    if (!paused_ || stopping_) return;
    paused_ = false;
    backoff_.reset();
    if (phase_ == Phase::idle) {
      status_.enter(LinkStatus::State::down);
      connect();
    }
  });
}

LinkStatus PahoLink::status() const { return status_.read(); }

PahoClient& PahoLink::client(Protocol version) {
  auto& client = clients_[version];
  if (!client) client = std::make_unique<PahoClient>(port_, url_, settings_.client_id, version);
  return *client;
}

void PahoLink::connect() {
  if (phase_ != Phase::idle || paused_ || stopping_) return;
  retry_timer_.reset();
  status_.tries(settings_.url);
  if (wanted_next_) {
    subscriptions_ = *std::exchange(wanted_next_, std::nullopt);
    status_.forget_subscriptions();
  }
  const auto version = protocol_.next();
  phase_ = Phase::connecting;
  held_ = false;
  phase_since_ = Clock::now();
  ++attempt_;
  try {
    const auto options = paho_connect_options(settings_, url_, static_cast<int>(version));
    shown_ = options.get_password_str();
    if (settings_.token.kind != TokenKind::none) {
      status_.token(now().wall_ms + settings_.token.lasts.count());
    }
    client_ = &client(version);
    client_->connect(attempt_, options);
    watch();
  } catch (const std::exception& error) {
    attempt_failed(error.what());
  }
}

void PahoLink::retry() {
  const double random = std::generate_canonical<double, 32>(random_);
  const auto wait = held_ ? settings_.reconnect_max : backoff_.next(random);
  status_.tries_in(wait);
  retry_timer_ = port_->loop.after(wait, [this] { connect(); });
}

void PahoLink::on_connect(std::uint64_t attempt, const ConnectResult& result) {
  const bool up = result.kind == ConnectResult::Kind::connected;
  if (attempt != attempt_ || phase_ != Phase::connecting) {
    if (up) port_->cut();  // too late, or not wanted any more
    return;
  }
  if (!up) {
    protocol_.failed(result.kind, result.code, Clock::now());
    return attempt_failed(result.error + token_doubt(shown_, result.code, now()));
  }
  status_.granted(told(settings_, result.limits));
  limits_ = held_to(settings_, result.limits);
  limits_.will_retained = settings_.will && settings_.will->retain && limits_.retain_available;
  if (!limits_.session_present || session_client_ != client_) port_->in_flight.lose_all();
  session_client_ = client_;
  phase_ = Phase::subscribing;
  phase_since_ = Clock::now();
  protocol_.connected(phase_since_);
  status_.speaks(limits_.protocol);
  status_.warning(protocol_.warning());
  if (handlers_.on_connected) handlers_.on_connected(limits_);
  subscriber_.begin(limits_, phase_since_);
  ask();
  unsubscribe(unwanted_);
}

void PahoLink::ask() {
  try {
    for (const auto& one : subscriber_.due(Clock::now())) {
      Subscription subscription = subscriptions_[one.index];
      subscription.qos = one.qos;
      if (!limits_.identifiers_available) subscription.identifier = 0;
      client_->subscribe(subscription);
    }
  } catch (const mqtt::exception& error) {
    return close(std::string("cannot subscribe: ") + error.what());
  }
  for (const auto& status : subscriber_.take_changes()) {
    status_.subscription(status);
    if (status.state != SubscriptionStatus::State::granted) identify(status.filter, 0);
    if (handlers_.on_subscription) handlers_.on_subscription(status);
  }
  if (phase_ == Phase::subscribing && subscriber_.settled()) go_up();
}

void PahoLink::on_subscribed(std::uint64_t attempt, const std::string& filter, int code) {
  if (attempt != attempt_ || (phase_ != Phase::subscribing && phase_ != Phase::up)) return;
  const auto found = std::ranges::find(subscriptions_, filter, &Subscription::filter);
  if (found == subscriptions_.end()) return;
  subscriber_.answered(static_cast<std::size_t>(found - subscriptions_.begin()),
                       static_cast<std::uint8_t>(code), "", Clock::now());
  ask();
}

// By the filters' places an answer finds what it is of, so they change between connections.
void PahoLink::want(std::vector<Subscription> subscriptions) {
  port_->loop.post(
      [this, wanted = std::move(subscriptions)]() mutable { wanted_next_ = std::move(wanted); });
}

void PahoLink::identify(const std::string& filter, std::uint32_t identifier) {
  const auto found = std::ranges::find(subscriptions_, filter, &Subscription::filter);
  if (found != subscriptions_.end()) found->identifier = identifier;
}

void PahoLink::unsubscribe(std::vector<std::string> filters) {
  if (phase_ != Phase::subscribing && phase_ != Phase::up) return;
  try {
    for (const auto& filter : filters) client_->unsubscribe(filter);
  } catch (const mqtt::exception& error) {
    close(std::string("cannot unsubscribe: ") + error.what());
  }
}

void PahoLink::take_back(const std::string& filter) {
  if (phase_ != Phase::up) return;
  try {
    client_->subscribe({filter});
  } catch (const mqtt::exception& error) {
    return close(std::string("cannot subscribe: ") + error.what());
  }
  unsubscribe({filter});
}

void PahoLink::on_unsubscribed(std::uint64_t attempt, const std::string& filter) {
  if (attempt != attempt_) return;
  std::erase(unwanted_, filter);
  if (handlers_.on_unsubscribed) handlers_.on_unsubscribed(filter);
}

void PahoLink::go_up() {
  phase_ = Phase::up;
  phase_since_ = Clock::now();
  backoff_.up(phase_since_);
  on_outcomes();
  status_.went_up(limits_.session_present, false);
  was_up_ = true;
  handlers_.on_up(limits_);
}

void PahoLink::attempt_failed(const std::string& error) {
  status_.failed(error);
  on_ended(attempt_, error);
}

// The current connection or attempt is over.
void PahoLink::on_ended(std::uint64_t attempt, const std::string& reason, std::uint8_t code) {
  if (attempt != attempt_ || phase_ == Phase::idle) return;
  ++attempt_;
  const auto was = std::exchange(phase_, Phase::idle);
  const auto now = Clock::now();
  watch_timer_.reset();
  close_timer_.reset();
  auto why = std::exchange(close_reason_, "");
  {
    const std::lock_guard lock(drop_mutex_);
    if (!drop_reason_.empty()) why = std::exchange(drop_reason_, "");
  }
  const bool ours = !why.empty();
  if (!ours) why = reason;
  if (was != Phase::connecting) {
    const bool quiet = was == Phase::up && port_->in_flight.size() == 0 && !port_->gate.occupied();
    protocol_.ended(now);
    // What it wrote last, as DISCONNECT, would be lost with the relay; else nobody takes it.
    port_->end_relay(was == Phase::closing ? goodbye : 0ms);
    if (held_) {
      status_.hold(why);
    } else if (!paused_ && !stopping_) {
      status_.failed(why);
    }
    const auto takeover =
        ours ? std::nullopt : takeovers_.ended(code, reason, now - phase_since_, quiet);
    if (takeover) status_.error(*takeover);
  }
  backoff_.down(now);
  status_.granted({});
  port_->in_flight.lose_qos0();
  on_outcomes();
  if (was_up_) {
    was_up_ = false;
    handlers_.on_down(why);
  }
  status_.enter(paused_ || held_ ? LinkStatus::State::paused : LinkStatus::State::down);
  if (stopping_) return finish_stop();
  if (!paused_) retry();
}

// Ends the connection in an orderly way, or otherwise if that takes long.
void PahoLink::close(const std::string& reason) {
  if (phase_ == Phase::connecting) return on_ended(attempt_, reason);
  phase_ = Phase::closing;
  close_reason_ = reason;
  try {
    client_->disconnect(!stopping_ && limits_.will_retained ? &*settings_.will : nullptr);
  } catch (const mqtt::exception&) {
    return;  // it has just ended, and on_ended() is on its way
  }
  close_timer_ = port_->loop.after(goodbye, [this] { port_->cut(); });
}

void PahoLink::on_outcomes() {
  port_->in_flight.take(outcomes_);
  if (outcomes_.empty()) return;
  status_.round_trip(port_->in_flight.last_round_trip().count());
  handlers_.on_outcomes(outcomes_);
  outcomes_.clear();
  if (stopping_ && phase_ == Phase::up && port_->in_flight.size() == 0) close("stopped");
}

// Looks from time to time at what has no event of its own: slowness, a dead line, an attempt of
// which nothing is heard.
void PahoLink::watch() {
  const auto now = Clock::now();
  const auto oldest = port_->in_flight.waiting();
  const auto waited =
      oldest ? now - std::max(oldest->since, phase_since_) : Clock::duration::zero();
  const auto patience = connect_timeout(settings_) + 5s;
  if (phase_ == Phase::connecting && now - phase_since_ > patience) {
    protocol_.failed(ConnectResult::Kind::not_reached, 0, now);
    return attempt_failed("no answer within the time limit");
  }
  if (phase_ == Phase::subscribing || phase_ == Phase::up) ask();
  if (phase_ == Phase::up && protocol_.retry_due(now)) close("to try MQTT 5 again");
  if (phase_ == Phase::up && waited > settings_.keep_alive * 6 / 5) {
    close_reason_ = "the line is dead: no acknowledgement within 1.2 times the keep alive";
    port_->cut();
  }
  if (phase_ == Phase::up) {
    const bool slow = waited > settings_.slow_after ||
                      (oldest && port_->in_flight.last_round_trip() > settings_.slow_after);
    status_.enter(slow ? LinkStatus::State::slow : LinkStatus::State::up);
  }
  const auto period = std::clamp<std::chrono::milliseconds>(settings_.slow_after / 4, 10ms, 500ms);
  watch_timer_ = port_->loop.after(period, [this] { watch(); });
}

// --- the end -------------------------------------------------------------------------------------

// The only part that blocks.
void PahoLink::stop(std::chrono::milliseconds deadline) {
  if (std::exchange(stop_called_, true)) return;
  auto done = stopped_.get_future();
  port_->loop.post([this, deadline] { begin_stop(deadline); });
  // The loop itself may wait for Paho, and Paho for an acknowledgement that never comes.
  if (done.wait_for(deadline + 1s) != std::future_status::ready) {
    drop("stopped");
    done.wait_for(3s);
  }
  port_->retire();
  port_->gate.end();
  port_->loop.stop();
  for (auto& [version, client] : clients_) PahoClient::retire(std::move(client));
}

void PahoLink::begin_stop(std::chrono::milliseconds deadline) {
  stopping_ = true;
  retry_timer_.reset();
  if (phase_ == Phase::idle || phase_ == Phase::connecting) return finish_stop();
  if (phase_ == Phase::closing) return;
  if (phase_ == Phase::subscribing || port_->in_flight.size() == 0) return close("stopped");
  stop_timer_ = port_->loop.after(deadline, [this] {
    if (phase_ == Phase::up) close("stopped");
  });
}

void PahoLink::finish_stop() {
  if (std::exchange(stop_done_, true)) return;
  port_->in_flight.lose_all();
  on_outcomes();
  stopped_.set_value();
}

}  // namespace bascule
