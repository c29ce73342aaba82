#include "link/native/connection.hpp"

#include <algorithm>
#include <utility>

#include "link/codec/encode.hpp"
#include "link/connect_settings.hpp"
#include "link/native/connect_packet.hpp"
#include "link/native/wrong_port.hpp"
#include "link/reason.hpp"

namespace bascule {

namespace {

using Kind = ConnectResult::Kind;
using Milliseconds = std::chrono::duration<double, std::milli>;

// An end over something that the broker did, though it had let us in.
Connection::End fault(std::string why) { return {Kind::refused, std::move(why), 0, 0}; }

std::string_view body_of(const Frame& frame) { return {frame.body.data(), frame.body.size()}; }

}  // namespace

Connection::Connection(Loop& loop, const LinkSettings& settings, const Url& url, Protocol version,
                       const std::vector<Subscription>& subscriptions,
                       const std::vector<std::string>& unwanted, Session& session, Owner& owner)
    : settings_(settings),
      subscriptions_(subscriptions),
      unwanted_(unwanted),
      session_(session),
      owner_(owner),
      version_(version),
      plain_(url.scheme == Url::Scheme::mqtt),
      packet_bytes_max_(maximum_packet_bytes(settings)),
      authentication_(settings, session.credentials),
      subscriber_(subscriptions, session.doubts),
      inbox_(version, session.deliveries) {
  ConnectPacket packet = connect_packet(settings, version, session.will.form());
  packet.password = session.credentials.password(settings);
  authentication_.begin(packet);
  append_connect(connect_packet_, packet);
  Transport::Handlers handlers;
  handlers.on_open = [this] { opened(); };
  handlers.on_bytes = [this](std::span<char> bytes) { return received(bytes); };
  handlers.on_written = [this](std::uint64_t position) { written(position); };
  handlers.on_end = [this](const Transport::End& end) { broken(end); };
  TlsContext tls = url.tls() ? session.credentials.tls(settings) : nullptr;
  transport_.emplace(loop, url, settings, std::move(tls), connect_timeout(settings),
                     std::move(handlers));
  outbox_.emplace(version, session.publishes, *transport_);
}

// --- what comes in ---------------------------------------------------------------------------

std::size_t Connection::received(std::span<char> bytes) {
  if (phase_ == Phase::closing) return bytes.size();
  if (resting_) return 0;
  now_ = Clock::now();
  keep_alive_.heard(now_);
  std::size_t used = 0;
  if (phase_ == Phase::connecting && is_tls_alert(bytes)) fault_ = End{Kind::not_reached, tls_port};
  while (!fault_ && phase_ != Phase::over) {
    if (oversized_) {
      used += read_past(bytes.subspan(used));
      if (oversized_) break;  // more of it is to come
      continue;
    }
    const auto frame = next_frame(bytes.subspan(used), packet_bytes_max_);
    if (frame.state == Frame::State::partial) break;
    if (frame.state == Frame::State::whole) {
      take(frame);
      used += frame.size;
    } else if (frame.state == Frame::State::malformed) {
      fault_ = fault("the broker sent something that is not MQTT");
    } else if (frame.type == PacketType::publish && phase_ != Phase::connecting) {
      oversized_ = std::make_unique<Oversized>(frame, version_);
    } else {
      fault_ = fault("the broker sent a packet of " + std::to_string(frame.size) +
                     " bytes, which is over the limit");
    }
  }
  hand_in();
  if (phase_ == Phase::up) transport_->gather(busy());
  if (fault_) fail(*std::exchange(fault_, std::nullopt));
  return used;
}

std::size_t Connection::read_past(std::span<const char> bytes) {
  const auto used = oversized_->take(bytes);
  if (!oversized_->done()) return used;
  if (!inbox_.take_oversized(*oversized_)) {
    fault_ = fault("the broker sent a PUBLISH that breaks the rules of MQTT");
  }
  passed_.push_back(std::move(oversized_));
  return used;
}

// What one read has brought, in one call each.
void Connection::hand_in() {
  if (phase_ == Phase::over) return;
  if (!inbox_.deliveries().empty()) {
    owner_.deliver(inbox_.deliveries());
    inbox_.clear();
    passed_.clear();
    if (phase_ == Phase::over) return;
    hold_back();
  }
  if (std::exchange(outcomes_wait_, false)) {
    outbox_->send_waiting();
    send();
    owner_.settled();
  }
  if (std::exchange(subscribed_now_, false)) owner_.subscribed(limits_);
}

void Connection::hold_back() {
  const bool full = resting_ || inbox_.full();
  if (std::exchange(held_, full) != full) transport_->hold(full);
}

void Connection::take(const Frame& frame) {
  const bool answers = frame.type == PacketType::connack ||
                       (frame.type == PacketType::auth && authentication_.under_way());
  if (phase_ == Phase::connecting && !answers) {
    fault_ = fault("the broker answered CONNECT with something else");
    return;
  }
  switch (frame.type) {
    case PacketType::publish:
      if (!inbox_.take_publish(frame)) {
        fault_ = fault("the broker sent a PUBLISH that breaks the rules of MQTT");
      }
      return;
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return take_answer(frame);
    case PacketType::pingresp:
      return take_pingresp();
    case PacketType::suback:
      return take_suback(frame);
    case PacketType::unsuback:
      return take_unsuback(frame);
    case PacketType::connack:
      return take_connack(frame);
    case PacketType::disconnect:
      return take_disconnect(frame);
    case PacketType::auth:
      if (authentication_.under_way()) return take_auth(frame);
      [[fallthrough]];
    default:
      fault_ = fault("the broker sent a packet of type " +
                     std::to_string(static_cast<int>(frame.type)) + ", which we never asked for");
  }
}

void Connection::take_connack(const Frame& frame) {
  const auto ack = decode_connack(body_of(frame), version_);
  if (!ack || phase_ != Phase::connecting) {
    fault_ = fault("the broker sent a CONNACK that breaks the rules of MQTT");
    return;
  }
  if (ack->reason != 0) return refused(*ack);
  authentication_.welcomed();
  if (session_.will.taken()) {
    return fail({Kind::not_reached, "taken without the will; connecting again with it", 0, 0});
  }
  limits_ = ack->limits;
  limits_.will_retained = settings_.will && settings_.will->retain && limits_.retain_available &&
                          session_.will.form() == WillDoubts::Form::whole;
  outbox_->limit(limits_.receive_maximum, limits_.maximum_packet_bytes);
  // The broker may want to hear from us more often. It cannot keep us from listening more closely.
  KeepAlive::Duration keep_alive = settings_.keep_alive;
  if (ack->keep_alive_s.value_or(0) > 0) {
    keep_alive =
        std::min(keep_alive, KeepAlive::Duration(std::chrono::seconds(*ack->keep_alive_s)));
  }
  keep_alive_.begin(keep_alive, now_);
  welcomed();
}

void Connection::refused(const ConnAck& ack) {
  const auto refusal = describe_refusal(ack.reason, version_);
  if (refusal.code == reason::retain_not_supported || refusal.code == reason::qos_not_supported) {
    session_.will.not_whole();
  } else if (settings_.will && about_a_packet(refusal.code)) {
    session_.will.refused(refusal.code);
  }
  look_for_redirect(refusal.code, ack.server_reference);
  fail({refusal.kind,
        with_details(refusal.error, ack.reason_text, ack.server_reference) +
            session_.credentials.doubt(refusal.code),
        refusal.code, 0});
}

// What is wanted is asked for first. A filter of before that covers some of it brings that until
// then: unsubscribed earlier, it would leave a gap.
void Connection::welcomed() {
  phase_ = Phase::subscribing;
  phase_since_ = now_;
  owner_.connected(limits_);
  if (settings_.will && session_.will.form() == WillDoubts::Form::none) {
    owner_.without_will("the broker does not take the will on " + settings_.will->topic + ": " +
                        describe_reason(session_.will.code()) +
                        "; it is left out, so nobody is told when the bridge is lost; let this "
                        "user publish there");
  }
  subscriber_.begin(held_to(settings_, limits_), now_);
  ask(now_);
  unsubscribe(unwanted_);
}

// A packet for each, so that an answer tells which, and one without an answer stops no other.
void Connection::ask(Clock::time_point now) {
  if (!requests_.room()) return;
  for (const auto& one : subscriber_.due(now)) {
    Subscription subscription = subscriptions_[one.index];
    subscription.qos = one.qos;
    if (!limits_.identifiers_available) subscription.identifier = 0;
    append_subscribe(transport_->out(), version_, requests_.subscribe(one.index), subscription);
  }
  tell_subscribed(now);
  send();
}

void Connection::tell_subscribed(Clock::time_point now) {
  for (const auto& status : subscriber_.take_changes()) owner_.subscription(status);
  if (phase_ == Phase::subscribing && subscriber_.settled()) {
    phase_ = Phase::up;
    phase_since_ = now;
    requests_.leave_room();
    if (subscriber_.without_qos_2()) {
      limits_.maximum_qos = std::min(limits_.maximum_qos, Qos::at_least_once);
    }
    limits_.knows_qos_2 = limits_.maximum_qos == Qos::exactly_once;
    subscribed_now_ = true;
  }
}

void Connection::take_suback(const Frame& frame) {
  const auto ack = decode_suback(body_of(frame), version_);
  const auto index = ack ? requests_.subscribed(ack->packet_id) : std::nullopt;
  if (!index) {
    fault_ = fault("the broker sent a SUBACK that breaks the rules of MQTT");
    return;
  }
  if (*index == Requests::of_nobody) return;
  subscriber_.answered(*index, ack->reason, std::string(ack->reason_text), now_);
  // Else all have been asked for, and looking at each again with each answer would cost much.
  subscriber_.one_by_one() ? ask(now_) : tell_subscribed(now_);
}

void Connection::go_on(const std::vector<Subscription>& before) {
  resting_ = false;
  now_ = Clock::now();
  phase_ = Phase::subscribing;
  limits_.session_present = limits_.continued = true;
  owner_.connected(limits_);
  requests_.disown();
  subscriber_.change(before, held_to(settings_, limits_), now_);
  ask(now_);
  unsubscribe(unwanted_);
  hold_back();
  if (std::exchange(subscribed_now_, false)) owner_.subscribed(limits_);
}

void Connection::take_back(const std::string& filter) {
  if (!requests_.room()) return;
  append_subscribe(transport_->out(), version_, requests_.subscribe(Requests::of_nobody), {filter});
  unsubscribe({&filter, 1});
}

void Connection::unsubscribe(std::span<const std::string> filters) {
  const std::uint32_t at_once = settings_.subscription_limits.at_once;
  const std::size_t per_packet = at_once == 0 ? 50 : std::min<std::size_t>(at_once, 50);
  while (!filters.empty() && requests_.room()) {
    const auto some = filters.first(std::min(per_packet, filters.size()));
    const auto id = requests_.unsubscribe({some.begin(), some.end()});
    append_unsubscribe(transport_->out(), version_, id, some);
    filters = filters.subspan(some.size());
  }
  send();
}

void Connection::take_unsuback(const Frame& frame) {
  const auto ack = decode_unsuback(body_of(frame), version_);
  const auto filters = ack ? requests_.unsubscribed(ack->packet_id) : std::nullopt;
  if (!filters) {
    fault_ = fault("the broker sent an UNSUBACK that breaks the rules of MQTT");
    return;
  }
  for (std::size_t i = 0; i < filters->size(); ++i) {
    const auto code = i < ack->reasons.size() ? static_cast<unsigned char>(ack->reasons[i]) : 0;
    if (reason::refuses(code)) {
      owner_.poor("the broker does not let go of the subscription to " + (*filters)[i] + ": " +
                  describe_reason(code));
    } else {
      owner_.unsubscribed((*filters)[i]);
    }
  }
}

void Connection::take_answer(const Frame& frame) {
  const auto answer = decode_answer(body_of(frame), version_);
  if (!answer) {
    const char* const names[] = {"PUBACK", "PUBREC", "PUBREL", "PUBCOMP"};
    const auto name = static_cast<int>(frame.type) - static_cast<int>(PacketType::puback);
    fault_ =
        fault(std::string("the broker sent a ") + names[name] + " that breaks the rules of MQTT");
    return;
  }
  if (frame.type == PacketType::pubrel) return inbox_.take_pubrel(*answer, frame.size);
  if (!outbox_->take(frame.type, *answer, now_)) return;
  outcomes_wait_ = true;
  if (frame.type == PacketType::pubcomp || !reason::refuses(answer->reason)) return;
  if (!answer->reason_text.empty()) {
    owner_.refused(with_details("the broker refused a message: " + describe_reason(answer->reason),
                                answer->reason_text, {}));
  }
}

void Connection::take_pingresp() {
  const auto time = keep_alive_.answered(now_);
  if (time) owner_.round_trip(Milliseconds(*time).count());
}

void Connection::take_disconnect(const Frame& frame) {
  const auto farewell = decode_disconnect(body_of(frame));
  if (!farewell || version_ != Protocol::v5) {
    fault_ = fault("the broker sent a DISCONNECT that breaks the rules of MQTT");
    return;
  }
  look_for_redirect(farewell->reason, farewell->server_reference);
  fault_ = fault(with_details("the broker ended it: " + describe_reason(farewell->reason),
                              farewell->reason_text, farewell->server_reference) +
                 session_.credentials.doubt(farewell->reason));
  fault_->code = farewell->reason;
  if (!about_a_packet(farewell->reason)) return;
  fault_->lost = farewell->reason;
  subscriber_.closed(now_);
}

void Connection::take_auth(const Frame& frame) {
  auto taken = authentication_.take(body_of(frame), phase_ != Phase::connecting, transport_->out());
  send();
  if (!taken.fault.empty()) fault_ = fault(std::move(taken.fault));
  if (taken.done) owner_.authenticated();
}

void Connection::look_for_redirect(std::uint8_t code, std::string_view reference) {
  if (code == reason::use_another_server || code == reason::server_moved) {
    owner_.sent_on(reference, code == reason::server_moved);
  }
}

// --- what goes out ---------------------------------------------------------------------------

void Connection::acknowledge(std::uint64_t tag) {
  if (phase_ != Phase::subscribing && phase_ != Phase::up) return;
  inbox_.acknowledge(tag, transport_->out());
  send();
  hold_back();
}

bool Connection::publish(std::span<const Outgoing> messages) {
  const bool all_wait = outbox_->publish(messages, Clock::now());
  send();
  return all_wait;
}

void Connection::written(std::uint64_t position) {
  if (!outbox_->written(position, Clock::now()) || phase_ != Phase::up) return;
  outbox_->send_waiting();
  send();
  owner_.settled();
}

// --- the end ---------------------------------------------------------------------------------

void Connection::close(Farewell farewell) {
  if (phase_ == Phase::connecting) return fail({Kind::not_reached, "given up", 0, 0});
  phase_ = Phase::closing;
  if (farewell == Farewell::will && limits_.will_retained) {
    const Message will{settings_.will->topic, settings_.will->payload, {}, Qos::at_most_once, true};
    append_publish(transport_->out(), version_, will, 0);
  }
  append_disconnect(transport_->out());
  transport_->finish();
}

void Connection::abandon() {
  phase_ = Phase::over;
  outbox_.reset();
  transport_.reset();
}

void Connection::tick(KeepAlive::Time now) {
  if (phase_ == Phase::closing || phase_ == Phase::over) return;
  const bool late = now - phase_since_ > connect_timeout(settings_);
  if (phase_ == Phase::connecting) {
    if (late) fail({Kind::not_reached, "no answer within the time limit", 0, 0});
    return;
  }
  now_ = now;
  ask(now);
  if (std::exchange(subscribed_now_, false)) owner_.subscribed(limits_);
  if (phase_ == Phase::over) return;
  if (held_) keep_alive_.heard(now);  // perhaps something came, and we do not look
  std::optional<KeepAlive::Waiting> oldest;
  if (const auto waiting = session_.publishes.waiting()) oldest = {waiting->serial, waiting->since};
  switch (keep_alive_.tick(transport_->progress(), oldest, now)) {
    case KeepAlive::Verdict::fine:
      break;
    case KeepAlive::Verdict::ping_due:
      ping(now);
      break;
    case KeepAlive::Verdict::dead_line:
      fail(
          {Kind::not_reached, "the line is dead: no answer within 1.2 times the keep alive", 0, 0});
      break;
    case KeepAlive::Verdict::never_acknowledged:
      fail({Kind::not_reached, "the broker answers, but does not acknowledge a message", 0, 0});
      break;
  }
}

void Connection::ping(Clock::time_point now) {
  append_pingreq(transport_->out());
  transport_->send();
  keep_alive_.pinged(outbox_->last_sent(), now);
}

void Connection::broken(const Transport::End& end) {
  if (phase_ == Phase::connecting && end.by_peer) {
    return fail({Kind::not_spoken, closed_unanswered(plain_), 0, 0});
  }
  if (end.closed) subscriber_.closed(now_);
  fail({Kind::not_reached, end.why, 0, end.closed ? reason::unspecified : std::uint8_t{0}});
}

void Connection::fail(End end) {
  if (phase_ == Phase::over) return;
  abandon();
  owner_.ended(end);
}

}  // namespace bascule
