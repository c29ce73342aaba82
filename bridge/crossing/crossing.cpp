#include "crossing/crossing.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <string>
#include <utility>

#include "clock.hpp"
#include "crossing/terms.hpp"
#include "message/own.hpp"
#include "message/topic.hpp"

namespace bascule {
namespace {

constexpr std::chrono::seconds stop_deadline{5};
constexpr std::chrono::milliseconds rest_deadline{5'000};
constexpr std::chrono::milliseconds rest_looks_every{2};
constexpr std::chrono::milliseconds bookmark_delay{1'000};
constexpr std::chrono::milliseconds look_for_slowness_every{500};
constexpr std::string_view put_on_hold = "paused: ";     // as a link says that ends for it (Paho)
constexpr std::chrono::seconds renewed_within{5};        // else it is an outage, and told
constexpr std::chrono::milliseconds remember_after{50};  // many answers come at once

constexpr std::string_view word_mark = "word ";  // no JSON, as a bookmark is

constexpr std::size_t stray_filters_max = 1'600;  // over a topic of nine levels

}  // namespace

Crossing::Crossing(const BridgeIdentity& bridge, LinkSettings settings, Direction in,
                   const std::vector<Route>& routes, Journal& journal, Events& events,
                   const KeptLink* kept)
    : settings_(settings),
      routes_(routes),
      kept_(kept != nullptr),
      name_(settings.name),
      own_(bridge.id, settings.own_topics, settings.retain),
      session_peer_(settings.client_id + " " + known_url(journal, in, settings)),
      in_(in),
      journal_(journal),
      events_(events),
      subscriptions_(journal.opened().subscriptions().load(session_peer_),
                     wanted(own_, in, settings, RouteTable(routes, in, bridge.id))),
      exchange_(subscriptions_.generation()),
      fresh_subscriptions_(subscriptions_.rows() !=
                           journal.opened().subscriptions().load(session_peer_)),
      qos_asked_(qos_asked(routes)),
      chooses_protocol_(settings.protocol == Protocol::automatic),
      spoken_(spoken_by(journal, session_peer_)),
      link_(kept ? kept->link : make_link(completed(settings, own_, spoken_))),
      answers_(link_->loop()),
      intake_({.bridge_id = bridge.id,
               .direction = in,
               .max_payload_bytes = settings.max_payload_bytes,
               .settle_topic = settings.settle_topic,
               .stamp_key = bridge.stamp_key,
               .own_topics = settings.own_topics},
              routes, RouteTable(routes, in, bridge.id), journal, *link_, &subscriptions_,
              &exchange_),
      repeats_(settings.name, events),
      refused_in_(in, [this] { return link_->status().broker; }),
      settle_topic_(settings.settle_topic),
      forwarder_({.bridge_id = bridge.id,
                  .direction = opposite(in),
                  .window = settings.window,
                  .bookmark_delay = bookmark_delay,
                  .settle = settings.settle,
                  .stamp_key = bridge.stamp_key,
                  .broker = settings.broker,
                  .own_topics = settings.own_topics,
                  .retain = settings.retain,
                  .publish = {settings.publish_max_payload_bytes, settings.topic_limits},
                  .rate = settings.rate,
                  .stamp = settings.stamp},
                 journal, *link_),
      comparison_(bridge.id, settings, in, intake_, journal, link_->loop(),
                  [this](std::function<void(bool)> done) { forwarder_.fence(std::move(done)); }),
      farewell_(
          exchange_, subscriptions_, *link_,
          [this](const std::string& word) {
            forwarder_.publish(own_.bookmark(opposite(in_)), spoken(word), false);
          },
          [this](const std::string& filter) {
            if (subscriptions_.unsubscribed(filter)) remember();
          }),
      parting_(*link_, forwarder_, own_.state()),
      credentials_(kept ? kept->credentials : CredentialsWatch(settings)),
      credentials_fault_(credentials_.fault()) {
  comparison_.on_result = [this](const RetainedComparison::Result& result) {
    events_.retained(name_, {result.changed, result.cleared, result.kept, result.why});
  };
  forwarder_.set_on_refusal([this](const RefusalEvent& what) { events_.refusal(what); });
  intake_.on_notice = [this](const RepeatNotice& notice, std::uint64_t count) {
    repeats_.noticed(notice, count);
  };
  keeps_retain_ = std::any_of(routes.begin(), routes.end(), [in](const Route& route) {
    return route.direction == in && route.retain == RetainRule::keep;
  });
  refused_in_.on_event = [this](const RefusalEvent& what) { events_.refusal(what); };
  intake_.on_quarantined = [this](std::string_view topic, const std::string& reason) {
    link_->loop().post([this, topic = std::string(topic), reason] {
      refused_in_.quarantined({}, topic, reason, boottime_ms());
    });
  };
  // What the broker had retained has come when the bookmark has; what is retained from then on is
  // fresh.
  forwarder_.on_settled = [this](const FarKnowledge& far) {
    intake_.expect_replayed(false);
    intake_.expect_no_copies();
    settled_ = true;
    watch_line();
    if (on_settled) on_settled();
    comparison_.settled(far);
  };
  forwarder_.on_losses = [this] {
    if (on_losses) on_losses();
  };
  intake_.on_stray = [this](const std::string& topic) {
    link_->loop().post([this, topic] { stray(topic); });
  };
  intake_.on_former = [this](const std::string& filter) {
    link_->loop().post([this, filter] { take_back(filter); });
  };
  tell_of_former(journal.opened().sessions().load(in).peer, settings);
  if (!kept_) return;
  forwarder_.go_on(kept->forwarder);
  RetainedComparison::Standing retained = kept->retained;
  retained.due = retained.due || kept->routes != routes;
  comparison_.go_on(std::move(retained));
}

void Crossing::End::operator()(Crossing* crossing) const {
  const auto link = crossing->link_;  // ends on another thread than its own
  auto ended = std::make_shared<std::promise<void>>();
  auto end = ended->get_future();
  // Where the loop has ended already nothing runs, and the task goes here.
  link->loop().post(
      [owned = std::shared_ptr<Crossing>(crossing), ended = std::move(ended)]() mutable {
        owned.reset();
        ended->set_value();
      });
  end.wait();
}

void Crossing::start() {
  started_ = true;
  note_subscriptions();
  const auto begin = kept_ ? &Link::take_up : &Link::start;
  (*link_.*begin)(handlers(), subscriptions_.wanted(), subscriptions_.not_exchanged());
}

LinkHandlers Crossing::handlers() {
  LinkHandlers handlers;
  handlers.on_deliveries = [this](std::span<const Delivery> deliveries) { deliver(deliveries); };
  handlers.on_outcomes = [this](std::span<const Outcome> outcomes) {
    forwarder_.outcomes(outcomes);
  };
  handlers.on_connected = [this](const Limits& limits) { connected(limits); };
  handlers.on_up = [this](const Limits& limits) { subscribed(limits); };
  handlers.on_down = [this](const std::string& reason) { disconnected(reason); };
  handlers.on_subscription = [this](const SubscriptionStatus& status) { answered(status); };
  handlers.on_unsubscribed = [this](const std::string& filter) { farewell_.unsubscribed(filter); };
  return handlers;
}

// The session must not hold what the journal does not know.
void Crossing::note_subscriptions() {
  if (!fresh_subscriptions_) return;
  try {
    journal_.change([this](JournalCore& core) {
      core.change().subscriptions().save(session_peer_, subscriptions_.rows());
    });
  } catch (const std::exception& error) {
    spdlog::warn("link {}: what is subscribed could not be noted: {}", name_, error.what());
  }
}

// What fails in the journal is written with what changes next.
void Crossing::remember() {
  if (remembering_) return;
  remembering_ = link_->loop().after(remember_after, [this] { write_subscriptions(); });
}

void Crossing::write_subscriptions() {
  remembering_.reset();
  const Subscriptions::Changes changes = subscriptions_.changes();
  auto kept = answers_.to([this, changes, filters = std::exchange(unidentified_, {})] {
    subscriptions_.kept(changes);
    for (const std::string& filter : filters) {
      link_->identify(filter, subscriptions_.identifier(filter));
    }
  });
  journal_.change_later(
      [peer = session_peer_, changes](JournalCore& core) {
        core.change().subscriptions().save_some(peer, changes.rows, changes.gone);
      },
      std::move(kept));
}

void Crossing::answered(const SubscriptionStatus& status) {
  const std::string& filter = status.filter;
  if (status.state == SubscriptionStatus::State::granted) {
    if (subscriptions_.granted(filter, status.identifier)) remember();
  } else if (subscriptions_.failed(filter)) {
    unidentified_.push_back(filter);
    remember();
  }
}

// Which subscription brings it nobody knows, but each that could can be taken back.
void Crossing::stray(const std::string& topic) {
  std::vector<std::string> filters = filters_over(topic, stray_filters_max);
  std::erase_if(filters,
                [&](const std::string& filter) { return subscriptions_.identifier(filter) != 0; });
  spdlog::warn(
      "link {}: {} comes, which no route wants, for a subscription that an earlier user of this "
      "client id has left in the session; {}",
      name_, topic,
      filters.empty() ? "it has too many levels to find that out; give client_id another value"
                      : "it is taken back");
  link_->unsubscribe(std::move(filters));
}

// What had been queued is over, and yet it goes on coming: RabbitMQ 3.10 answers an UNSUBSCRIBE of
// what an earlier connection has subscribed to, and does nothing. Once a connection, for it brings
// what is retained there.
void Crossing::take_back(const std::string& filter) {
  if (!settled_ || !taken_back_.insert(filter).second) return;
  spdlog::warn(
      "link {}: messages still come for {}, which the broker was asked to unsubscribe; it is "
      "subscribed and unsubscribed once more",
      name_, filter);
  link_->take_back(filter);
}

void Crossing::stop() {
  stopping_ = true;
  if (!started_) return;
  std::promise<void> held;
  link_->loop().post([&] {
    forwarder_.end_sending();
    comparison_.hold();
    forwarder_.publish(own_.state(), std::string(state_offline), true);
    last_said(boottime_ms() + rest_deadline.count(), [&] { held.set_value(); });
  });
  held.get_future().get();
  comparison_.stop();
  link_->stop(stop_deadline);
}

// The rate of the link may have to let it out first.
void Crossing::last_said(std::int64_t by_ms, const std::function<void()>& done) {
  if (!forwarder_.has_unsaid() || boottime_ms() >= by_ms) return done();
  resting_ = link_->loop().after(rest_looks_every, [this, by_ms, done] { last_said(by_ms, done); });
}

std::optional<KeptLink> Crossing::hand_over() {
  // Without a bookmark nobody knows when what goes on has come.
  const bool bookmark = !own_.bookmark(opposite(in_)).empty();
  if (!started_ || !bookmark || parting_.paused() || represented()) return std::nullopt;
  std::promise<bool> rests;
  link_->loop().post([&] {
    forwarder_.end_sending();
    rest(boottime_ms() + rest_deadline.count(), [&](bool done) { rests.set_value(done); });
  });
  if (!rests.get_future().get()) return std::nullopt;
  comparison_.stop();
  return std::move(at_rest_);
}

// From here on nothing that this one still does has an effect on the link.
void Crossing::rest(std::int64_t by_ms, const std::function<void(bool)>& done) {
  resting_.reset();
  const auto state = link_->status().state;
  const bool up =
      (state == LinkStatus::State::up || state == LinkStatus::State::slow) && !parting_.under_way();
  auto standing = forwarder_.standing();
  if (up && !exchange_.under_way() && standing && link_->rest()) {
    stopping_ = true;
    at_rest_ = {link_,       settings_, routes_, std::move(*standing), comparison_.standing(),
                credentials_};
    if (remembering_) write_subscriptions();
    comparison_.hold();
    forwarder_.disconnected();
    farewell_.disconnected();
    watch_.reset();
    return done(true);
  }
  if (!up || boottime_ms() >= by_ms) return done(false);
  resting_ = link_->loop().after(rest_looks_every, [this, by_ms, done] { rest(by_ms, done); });
}

void Crossing::look() {
  const auto found = credentials_.look(settings_);
  const bool acts = started_ && !represented();
  if (acts && settings_.token.kind != TokenKind::none) {
    tell([this] { stopping_ ? void() : parting_.look_at_token(settings_); });
  }
  if (found == CredentialsWatch::Found::nothing) return;
  {
    const std::lock_guard lock(mutex_);
    credentials_fault_ = credentials_.fault();
  }
  if (found == CredentialsWatch::Found::bad || !acts) return;
  if (found == CredentialsWatch::Found::data) return link_->reauthenticate();
  link_->loop().post([this] {
    if (!stopping_) parting_.renew();
  });
}

LinkStatus Crossing::status() const {
  const Crossing& acting = this->acting();
  LinkStatus status = acting.link_->status();
  if (parting_.paused() && status.state == LinkStatus::State::down)
    status.state = LinkStatus::State::paused;
  const auto warn = [&](const std::string& text) {
    if (!text.empty()) status.warning += (status.warning.empty() ? "" : "; ") + text;
  };
  warn(acting.forwarder_.warning());
  warn(granted_less(settings_, status.granted, qos_asked_));
  warn(subscribes_too_much(settings_, subscriptions_.wanted().size()));
  status.unretained = acting.forwarder_.unretained();
  if (acting.forwarder_.rate_waits()) status.held_back = rate_text(settings_.rate);
  const std::lock_guard lock(mutex_);
  warn(credentials_fault_);
  return status;
}

SetAside Crossing::set_aside(LaneId lane) {
  std::promise<SetAside> done;
  link_->loop().post([&] { done.set_value(forwarder_.set_aside(lane)); });
  return done.get_future().get();
}

void Crossing::deliver(std::span<const Delivery> deliveries) {
  farewell_.delivered();
  intake_.deliver(deliveries, [this](const Message& message) {
    if (!settle_topic_.empty() && message.topic == settle_topic_) {
      link_->loop().post([this] { forwarder_.receivers_ready(); });
    }
    const bool state = message.topic == own_.state() && message.retain;
    if (message.topic != own_.bookmark(opposite(in_)) && !state) return;
    const bool word = message.payload.starts_with(word_mark);
    if (word) farewell_.listen(message.payload.substr(word_mark.size()));
    link_->loop().post([this, state, payload = std::string(message.payload)] {
      state ? forwarder_.heard_state(payload) : heard(payload);
    });
  });
}

void Crossing::say(Direction direction, const std::string& word) {
  link_->loop().post([this, topic = own_.bookmark(direction), word] {
    forwarder_.publish(topic, spoken(word), false);
  });
}

std::string Crossing::spoken(const std::string& word) { return std::string(word_mark) + word; }

void Crossing::heard(const std::string& payload) {
  if (!payload.starts_with(word_mark)) return forwarder_.heard(payload);
  if (on_word) on_word(payload.substr(word_mark.size()));
}

// Once 5, always 5: a broker that speaks 3.1.1 later is in trouble.
void Crossing::note_spoken(Spoken spoken) {
  if (spoken <= spoken_ || (spoken == Spoken::v3_1_1 && !chooses_protocol_)) return;
  spoken_ = spoken;
  journal_.change_later([peer = session_peer_, spoken](JournalCore& core) {
    auto& meta = core.change().meta();
    spoken == Spoken::v5 ? meta.save_spoken_v5(peer) : meta.save_spoken_v3(peer);
  });
}

void Crossing::connected(const Limits& limits) {
  taken_back_.clear();
  farewell_.connected(limits);
  intake_.connected();
  if (!limits.session_present) intake_.expect_no_copies();
  forwarder_.connected();
  comparison_.connected(limits);
  // A retained message is an old one if the subscription that brings it is new. MQTT 3.1.1 brings
  // all of them at each connect, and marks nothing else as retained.
  intake_.expect_unmarked(limits.protocol != Protocol::v5);
  intake_.expect_replayed(!limits.session_present || limits.protocol != Protocol::v5 ||
                          fresh_subscriptions_);
  note_spoken(limits.protocol == Protocol::v5 ? Spoken::v5 : Spoken::v3_1_1);
  journal_.enter_session(in_, session_start(session_peer_, settings_, limits));
}

void Crossing::subscribed(const Limits& limits) {
  if (limits.protocol != Protocol::v5 && std::exchange(keeps_retain_, false)) {
    spdlog::warn(
        "{}: on MQTT 3.1.1 the broker clears the retain flag of what it delivers live; routes with "
        "'retain: keep' forward it as not retained ('retain: set' would set it)",
        name_);
  }
  const bool renewed = static_cast<bool>(std::exchange(renewing_, {}));
  const bool told = std::exchange(on_hold_, false) || renewed || limits.continued;
  if (!told) events_.link_up(name_);
  tell_granted();
  forwarder_.subscribed(limits);
  if (!limits.continued) forwarder_.publish(own_.state(), std::string(state_online), true);
  farewell_.subscribed();
}

// In the log once, whatever connection says it.
void Crossing::tell_granted() {
  const std::string less = granted_less(settings_, link_->status().granted, qos_asked_);
  if (std::exchange(told_less_, less) == less || less.empty()) return;
  spdlog::warn("link {}: {}", name_, less);
}

// What had been queued for us was handed to the journal before this: the order holds.
void Crossing::watch_line() {
  if (!on_line) return;
  watch_.reset();
  const bool fit = settled_ && link_->status().state == LinkStatus::State::up;
  if (fit != line_fit_) {
    line_fit_ = fit;
    on_line(fit);
  }
  if (settled_) watch_ = link_->loop().after(look_for_slowness_every, [this] { watch_line(); });
}

void Crossing::disconnected(const std::string& reason) {
  forwarder_.disconnected();
  comparison_.disconnected();
  farewell_.disconnected();
  journal_.tell([in = in_](JournalCore& core) { core.leave_session(in); });
  settled_ = false;
  watch_line();
  if (stopping_ || (parting_.paused() && reason.starts_with(put_on_hold))) return;
  // The events have journal_paused of that, and it is no outage.
  const bool paused = link_->status().state == LinkStatus::State::paused;
  if (paused && reason.starts_with(put_on_hold)) {
    on_hold_ = true;
    return;
  }
  const bool ours = parting_.ended(reason) || reason == delivered_anew;
  if (!ours) return events_.link_down(name_, reason);
  renewing_ = link_->loop().after(renewed_within, [this] {
    renewing_.reset();
    events_.link_down(name_, std::string(delivered_anew));
  });
}

}  // namespace bascule
