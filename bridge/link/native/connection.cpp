#include "link/native/connection.hpp"

#include <algorithm>
#include <utility>

#include "link/codec/encode.hpp"
#include "link/connect_settings.hpp"
#include "link/native/packet_id.hpp"

namespace bascule {

namespace {

using Kind = ConnectResult::Kind;

// What the broker may have unacknowledged with us: messages of QoS 1 and 2 by what we announce in
// MQTT 5, and everything else because we stop reading.
constexpr std::uint16_t receive_maximum = 1'000;
constexpr std::size_t held_messages_max = 10'000;
constexpr std::size_t held_bytes_max = 16 << 20;

ConnectPacket connect_packet(const LinkSettings& settings, Protocol version, bool plain_will) {
  ConnectPacket packet;
  packet.version = version;
  packet.client_id = settings.client_id;
  packet.username = settings.username;
  if (!settings.password_file.empty()) packet.password = read_password(settings.password_file);
  packet.keep_alive_s = keep_alive_s(settings);
  packet.will = settings.will;
  if (packet.will && plain_will) {
    packet.will->retain = false;
    packet.will->qos = Qos::at_most_once;
  }
  packet.session_expiry_s = session_expiry_s(settings);
  packet.receive_maximum = receive_maximum;
  packet.maximum_packet_bytes = maximum_packet_bytes(settings);
  return packet;
}

std::uint16_t id_of(const Outgoing& out, Qos qos, std::uint64_t serial) {
  return qos == Qos::exactly_once ? out.packet_id : packet_id(serial);
}

}  // namespace

Connection::Connection(Loop& loop, const LinkSettings& settings, const Url& url, Protocol version,
                       const std::vector<Subscription>& subscriptions, Session& session,
                       Owner& owner)
    : settings_(settings),
      subscriptions_(subscriptions),
      session_(session),
      owner_(owner),
      version_(version),
      packet_bytes_max_(maximum_packet_bytes(settings)) {
  append_connect(connect_packet_, connect_packet(settings, version, session.plain_will));
  Transport::Handlers handlers;
  handlers.on_open = [this] { opened(); };
  handlers.on_bytes = [this](std::span<char> bytes) { return received(bytes); };
  handlers.on_written = [this](std::uint64_t bytes) { written(bytes); };
  handlers.on_end = [this](const Transport::End& end) { broken(end); };
  transport_.emplace(loop, url, settings.tls, connect_timeout(settings), std::move(handlers));
}

void Connection::opened() {
  transport_->out() = std::exchange(connect_packet_, {});
  transport_->send();
}

// --- acknowledgements ------------------------------------------------------------------------

void Connection::acknowledge(std::uint64_t tag) {
  if (phase_ != Phase::subscribing && phase_ != Phase::up) return;
  auto& out = transport_->out();
  session_.deliveries.acknowledge(
      tag, [&](PacketType answer, std::uint16_t id) { append_answer(out, answer, id); });
  send();
  hold_back();
}

void Connection::hold_back() {
  const auto& held = session_.deliveries;
  const bool full = held.count() >= held_messages_max || held.bytes() >= held_bytes_max;
  if (std::exchange(held_, full) != full) transport_->hold(full);
}

// --- what goes out ---------------------------------------------------------------------------

bool Connection::publish(std::span<const Outgoing> messages) {
  bool all_wait = true;
  const auto now = Clock::now();
  for (const auto& out : messages) {
    Message message = out.message;
    if (version_ != Protocol::v5) message.properties = {};
    const bool at_once = waiting_.empty() && room(session_.publishes.next());
    const auto serial = session_.publishes.add(out.tag, message.qos, now);
    if (message.qos == Qos::exactly_once && out.stage == Outgoing::Stage::received) {
      resume(out, serial);
    } else if (publish_bytes(version_, message) > limits_.maximum_packet_bytes) {
      constexpr std::uint8_t packet_too_large = 0x95;
      session_.publishes.settle(serial, Outcome::Kind::refused, packet_too_large, now);
      all_wait = false;
    } else if (at_once) {
      send_publish(message, out, serial);
    } else {
      const auto id = id_of(out, message.qos, serial);
      auto& waiting = waiting_.emplace_back(Waiting{serial, message.qos, id, {}});
      append_publish(waiting.packet, version_, message, id, out.stage == Outgoing::Stage::resent);
    }
  }
  send();
  return all_wait;
}

// Whether one more may be on its way. An id must not be taken while its last use is open.
bool Connection::room(std::uint64_t serial) const {
  const auto on_their_way = session_.publishes.size() - waiting_.size();
  return on_their_way < limits_.receive_maximum && serial - session_.publishes.first() < packet_ids;
}

void Connection::send_publish(const Message& message, const Outgoing& out, std::uint64_t serial) {
  const auto id = id_of(out, message.qos, serial);
  append_publish(transport_->out(), version_, message, id, out.stage == Outgoing::Stage::resent);
  if (message.qos == Qos::exactly_once) handshakes_[id] = {Handshake::State::sent, serial};
  if (message.qos == Qos::at_most_once) unwritten_.push_back({transport_->position(), serial});
}

// An earlier connection has come to PUBREC with it.
void Connection::resume(const Outgoing& out, std::uint64_t serial) {
  handshakes_[out.packet_id] = {Handshake::State::released, serial};
  append_answer(transport_->out(), PacketType::pubrel, out.packet_id);
}

void Connection::release(std::uint16_t packet_id) {
  const auto found = handshakes_.find(packet_id);
  if (phase_ != Phase::up || found == handshakes_.end()) return;
  auto& [state, serial] = found->second;
  if (state != Handshake::State::received) return;
  state = Handshake::State::released;
  session_.publishes.release(serial, Clock::now());
  append_answer(transport_->out(), PacketType::pubrel, packet_id);
  send();
}

void Connection::send_waiting() {
  for (; !waiting_.empty() && room(waiting_.front().serial); waiting_.pop_front()) {
    const auto& waiting = waiting_.front();
    transport_->out() += waiting.packet;
    if (waiting.qos == Qos::exactly_once) {
      handshakes_[waiting.packet_id] = {Handshake::State::sent, waiting.serial};
    }
    if (waiting.qos == Qos::at_most_once) {
      unwritten_.push_back({transport_->position(), waiting.serial});
    }
  }
  send();
}

void Connection::written(std::uint64_t bytes) {
  if (unwritten_.empty() || unwritten_.front().end > bytes) return;
  const auto now = Clock::now();
  for (; !unwritten_.empty() && unwritten_.front().end <= bytes; unwritten_.pop_front()) {
    session_.publishes.settle(unwritten_.front().serial, Outcome::Kind::accepted, 0, now);
  }
  if (phase_ != Phase::up) return;
  send_waiting();
  owner_.settled();
}

void Connection::send() {
  if (transport_->out().empty()) return;
  keep_alive_.sent(Clock::now());
  transport_->send();
}

// --- the end ---------------------------------------------------------------------------------

void Connection::close() {
  if (phase_ == Phase::connecting) return fail(Kind::not_reached, "given up");
  phase_ = Phase::closing;
  append_disconnect(transport_->out());
  transport_->finish();
}

void Connection::abandon() {
  phase_ = Phase::over;
  transport_.reset();
}

void Connection::tick(KeepAlive::Time now) {
  if (phase_ == Phase::closing || phase_ == Phase::over) return;
  const bool late = now - phase_since_ > connect_timeout(settings_);
  if (phase_ == Phase::connecting) {
    if (late) fail(Kind::not_reached, "no answer within the time limit");
    return;
  }
  if (phase_ == Phase::subscribing && late) {
    return fail(Kind::refused, "the broker does not answer a subscribe");
  }
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
      fail(Kind::not_reached, "the line is dead: no answer within 1.2 times the keep alive");
      break;
    case KeepAlive::Verdict::never_acknowledged:
      fail(Kind::not_reached, "the broker answers, but does not acknowledge a message");
      break;
  }
}

void Connection::ping(Clock::time_point now) {
  append_pingreq(transport_->out());
  transport_->send();
  const auto next = waiting_.empty() ? session_.publishes.next() : waiting_.front().serial;
  keep_alive_.pinged(next - 1, now);
}

void Connection::broken(const Transport::End& end) {
  if (phase_ == Phase::connecting && end.by_peer) {
    return fail(Kind::not_spoken, "the broker closed the connection without an answer");
  }
  constexpr std::uint8_t unspecified = 0x80;
  fail(Kind::not_reached, end.why, end.closed ? unspecified : 0);
}

void Connection::fail(ConnectResult::Kind kind, const std::string& why, std::uint8_t reason) {
  if (phase_ == Phase::over) return;
  abandon();
  owner_.ended(kind, why, reason);
}

}  // namespace bascule
