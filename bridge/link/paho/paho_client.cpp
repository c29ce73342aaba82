#include "link/paho/paho_client.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "link/paho/paho_options.hpp"
#include "link/paho/paho_properties.hpp"
#include "link/paho/paho_reason.hpp"
#include "link/paho/paho_trace.hpp"
#include "link/reason.hpp"
#include "link/tls_verdict.hpp"

namespace bascule {

namespace {

// Paho's message keeps its packet id to itself. An explicit instantiation may name a private
// member, and this one hands it on.
const MQTTAsync_message& raw_message(const mqtt::message& message);

template <auto Member>
struct Reveal {
  friend const MQTTAsync_message& raw_message(const mqtt::message& message) {
    return message.*Member;
  }
};
template struct Reveal<&mqtt::message::msg_>;

void* as_context(std::uint64_t number) { return reinterpret_cast<void*>(number); }

std::uint64_t from_context(const mqtt::token& token) {
  return reinterpret_cast<std::uint64_t>(token.get_user_context());
}

Limits read_limits(const mqtt::connect_response& response, Protocol version) {
  using Code = mqtt::property;
  Limits limits;
  limits.protocol = version;
  limits.session_present = response.is_session_present();
  limits.maximum_qos = Qos::at_least_once;  // see paho_link.hpp
  if (version != Protocol::v5) return limits;
  limits.identifiers_available = true;  // unless it says otherwise
  const auto& given = response.get_properties();
  if (given.contains(Code::SUBSCRIPTION_IDENTIFIERS_AVAILABLE)) {
    limits.identifiers_available =
        mqtt::get<std::uint8_t>(given, Code::SUBSCRIPTION_IDENTIFIERS_AVAILABLE) != 0;
  }
  if (given.contains(Code::SESSION_EXPIRY_INTERVAL)) {
    limits.session_expiry_s = mqtt::get<std::uint32_t>(given, Code::SESSION_EXPIRY_INTERVAL);
  }
  if (given.contains(Code::SERVER_KEEP_ALIVE)) {
    limits.keep_alive_s = mqtt::get<std::uint16_t>(given, Code::SERVER_KEEP_ALIVE);
  }
  if (given.contains(Code::RECEIVE_MAXIMUM)) {
    limits.receive_maximum = mqtt::get<std::uint16_t>(given, Code::RECEIVE_MAXIMUM);
  }
  if (given.contains(Code::MAXIMUM_PACKET_SIZE)) {
    limits.maximum_packet_bytes = mqtt::get<std::uint32_t>(given, Code::MAXIMUM_PACKET_SIZE);
  }
  if (given.contains(Code::MAXIMUM_QOS)) {
    const auto qos = static_cast<Qos>(mqtt::get<std::uint8_t>(given, Code::MAXIMUM_QOS));
    limits.maximum_qos = std::min(limits.maximum_qos, qos);
    limits.knows_qos_2 = qos == Qos::exactly_once;
  }
  if (given.contains(Code::RETAIN_AVAILABLE)) {
    limits.retain_available = mqtt::get<std::uint8_t>(given, Code::RETAIN_AVAILABLE) != 0;
  }
  return limits;
}

std::uint32_t subscription_identifier(const mqtt::properties& properties) {
  constexpr auto code = mqtt::property::SUBSCRIPTION_IDENTIFIER;
  const auto count = properties.count(code);
  if (count == 0) return 0;
  if (count > 1) return several_subscriptions;
  return mqtt::get<std::uint32_t>(properties, code);
}

// Paho gives the text of a failure only to those who ask for the response it does not have.
std::string failure_text(const mqtt::token& token) {
  try {
    if (token.is_complete()) token.get_connect_response();
  } catch (const mqtt::exception& error) {
    return error.get_message();
  } catch (const std::exception&) {
  }
  return "";
}

}  // namespace

void PahoPort::cut() {
  const std::lock_guard lock(relay_mutex_);
  if (relay_) relay_->cut();
}

void PahoPort::set_relay(std::unique_ptr<Relay> relay) {
  const std::lock_guard lock(relay_mutex_);
  if (!retired_) relay_.swap(relay);
}

void PahoPort::end_relay(std::chrono::milliseconds patience) {
  std::unique_ptr<Relay> relay;
  {
    const std::lock_guard lock(relay_mutex_);
    relay.swap(relay_);
  }
  if (relay) relay->finish(patience);
}

void PahoPort::retire() {
  const std::lock_guard lock(relay_mutex_);
  retired_ = true;
  relay_.reset();
}

PahoClient::PahoClient(std::shared_ptr<PahoPort> port, const Url& url, const std::string& client_id,
                       Protocol version)
    : port_(std::move(port)),
      host_(url.host),
      version_(version),
      on_connect_([this](const mqtt::token& token) { connected(token); },
                  [this](const mqtt::token& token) { not_connected(token); }),
      on_subscribe_([this](const mqtt::token& token) { subscribed(token, false); },
                    [this](const mqtt::token& token) { subscribed(token, true); }),
      on_unsubscribe_([this](const mqtt::token& token) { unsubscribed(token); },
                      [](const mqtt::token&) {}),
      on_publish_([this](const mqtt::token& token) { settle(token, false); },
                  [this](const mqtt::token& token) { settle(token, true); }),
      on_disconnect_([this](const mqtt::token&) { report_ended("disconnected"); },
                     [this](const mqtt::token&) { report_ended("disconnected"); }),
      client_(paho_uri(url), client_id, paho_create_options(static_cast<int>(version)), nullptr) {
  client_.set_callback(*this);
  client_.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode code) {
    farewell_ = static_cast<std::uint8_t>(code);
  });
}

void PahoClient::connect(std::uint64_t attempt, const mqtt::connect_options& options) {
  attempt_ = attempt;
  trace(true);
  client_.connect(options, as_context(attempt), on_connect_);
}

void PahoClient::subscribe(const Subscription& subscription) {
  using Options = mqtt::subscribe_options;
  const int qos = subscription.qos == Qos::at_most_once ? 0 : 1;  // see paho_link.hpp
  const Options options(subscription.no_local, subscription.retain_as_published,
                        subscription.always_retained ? Options::SEND_RETAINED_ON_SUBSCRIBE
                                                     : Options::SEND_RETAINED_ON_NEW);
  const auto context = as_context(attempt_);
  if (version_ == Protocol::v5) {
    mqtt::properties properties;
    if (subscription.identifier != 0) {
      properties.add({mqtt::property::SUBSCRIPTION_IDENTIFIER,
                      static_cast<std::int32_t>(subscription.identifier)});
    }
    client_.subscribe(subscription.filter, qos, context, on_subscribe_, options, properties);
  } else {
    client_.subscribe(subscription.filter, qos, context, on_subscribe_);
  }
}

void PahoClient::unsubscribe(const std::string& filter) {
  client_.unsubscribe(filter, as_context(attempt_), on_unsubscribe_);
}

void PahoClient::disconnect(const Will* will) {
  if (will != nullptr) {
    client_.publish(will->topic, will->payload.data(), will->payload.size(), 0, will->retain);
  }
  client_.disconnect(0, as_context(attempt_), on_disconnect_);
}

void PahoClient::publish(const Message& message, std::uint64_t serial) {
  try {
    const auto out = mqtt::message::create(
        mqtt::string_ref(message.topic.data(), message.topic.size()), message.payload.data(),
        message.payload.size(), static_cast<int>(message.qos), message.retain);
    if (version_ == Protocol::v5 && !message.properties.empty()) {
      out->set_properties(decode_properties(message.properties));
    }
    client_.publish(out, as_context(serial), on_publish_);
  } catch (const std::exception&) {  // the connection has just ended
    settle(serial, Outcome::Kind::lost, 0);
  }
}

void PahoClient::retire(std::unique_ptr<PahoClient> client) {
  static auto* const mutex = new std::mutex;  // outlive every static object, as Paho's threads do
  static auto* const retired = new std::vector<std::unique_ptr<PahoClient>>;
  const std::lock_guard lock(*mutex);
  retired->push_back(std::move(client));
}

// Paho acknowledges when this returns, whatever happens here. Whoever closes the gate has cut the
// connection before, so then the acknowledgement goes nowhere.
void PahoClient::message_arrived(mqtt::const_message_ptr message) {
  if (!port_->gate.enter()) return;
  try {
    deliver(*message);
  } catch (const std::exception& error) {
    spdlog::error("link: a message could not be handed in: {}", error.what());
    port_->cut();
    port_->gate.close();
  }
  port_->gate.leave();
}

void PahoClient::deliver(const mqtt::message& message) {
  const auto& topic = message.get_topic();
  const auto& raw = raw_message(message);
  encode_properties(message.get_properties(), properties_);
  Delivery delivery;
  delivery.identifier = subscription_identifier(message.get_properties());
  delivery.message.topic = topic;
  if (const auto& payload = message.get_payload_ref(); !payload.empty()) {
    delivery.message.payload = {payload.data(), payload.size()};
  }
  delivery.message.properties = properties_;
  delivery.message.qos = static_cast<Qos>(raw.qos);
  delivery.message.retain = raw.retained != 0;
  delivery.packet_id = static_cast<std::uint16_t>(raw.msgid);
  delivery.duplicate = raw.dup != 0;
  delivery.tag = port_->next_tag++;
  port_->on_deliveries({&delivery, 1});
  if (delivery.message.qos != Qos::at_most_once) port_->gate.wait(delivery.tag);
}

void PahoClient::connected(const mqtt::token& token) {
  const auto attempt = from_context(token);
  if (std::exchange(connected_, attempt) == attempt) return;  // the C++ library says it twice
  ConnectResult result;
  if (take_over_socket()) {
    farewell_.reset();
    port_->gate.open();
    result.kind = ConnectResult::Kind::connected;
    result.limits = read_limits(token.get_connect_response(), version_);
  } else {
    result.error = "the system has no descriptors or memory left for the connection";
  }
  trace(false);
  port_->loop.post([port = port_.get(), attempt, result] { port->on_connect(attempt, result); });
}

// The answer may come when the link has given up waiting, or is gone; its socket is needed then
// too.
void PahoClient::trace(bool on) {
  const std::lock_guard lock(trace_mutex_);
  if (!on) {
    trace_.reset();
  } else if (!trace_) {
    trace_.emplace();
  }
}

// Runs on the reading thread and under Paho's lock: nobody else uses the socket now.
bool PahoClient::take_over_socket() {
  const int socket = take_traced_socket();
  if (socket < 0) {
    // Without its socket a message that cannot be kept would be acknowledged all the same.
    spdlog::critical("link: this version of the Paho library does not tell its socket");
    std::_Exit(1);
  }
  try {
    port_->set_relay(std::make_unique<Relay>(socket));
    return true;
  } catch (const std::exception& error) {
    spdlog::error("link: {}", error.what());
    shutdown(socket, SHUT_RDWR);
    return false;
  }
}

void PahoClient::not_connected(const mqtt::token& token) {
  const auto attempt = from_context(token);
  auto result = describe_failure(token.get_return_code(), static_cast<int>(token.get_reason_code()),
                                 failure_text(token), version_);
  const auto verdict = take_tls_verdict(host_);
  const auto alert = take_traced_alert();
  trace(false);
  if (result.kind == ConnectResult::Kind::not_reached ||
      result.kind == ConnectResult::Kind::not_spoken) {
    if (!verdict.empty()) {
      result = {ConnectResult::Kind::not_reached, "TLS: " + verdict, {}};
    } else if (!alert.empty()) {
      // OpenSSL has no word for the alert of TLS 1.3 that a client certificate is missing.
      result = {
          ConnectResult::Kind::not_reached,
          "TLS: the broker says: " + alert +
              (alert == "unknown" ? " (does it want a client certificate, tls.cert_file?)" : ""),
          {}};
    }
  }
  port_->loop.post([port = port_.get(), attempt, result] { port->on_connect(attempt, result); });
}

void PahoClient::connection_lost(const std::string&) {
  if (!farewell_) return report_ended("the connection was lost");
  report_ended("the broker ended it: " + describe_reason(*farewell_), *farewell_);
}

void PahoClient::report_ended(const std::string& why, std::uint8_t code) {
  port_->loop.post([port = port_.get(), attempt = attempt_.load(), why, code] {
    port->on_ended(attempt, why, code);
  });
}

void PahoClient::subscribed(const mqtt::token& token, bool failed) {
  int code = static_cast<int>(Qos::at_least_once);
  if (failed) {
    code = std::max(token.get_return_code(), static_cast<int>(token.get_reason_code()));
    if (code <= 0) return;  // it went down with the connection
  }
  const auto topics = token.get_topics();
  const auto filter = topics && !topics->empty() ? (*topics)[0] : std::string();
  port_->loop.post([port = port_.get(), attempt = from_context(token), filter, code] {
    port->on_subscribed(attempt, filter, code);
  });
}

void PahoClient::unsubscribed(const mqtt::token& token) {
  const auto topics = token.get_topics();
  if (!topics || topics->empty()) return;
  port_->loop.post([port = port_.get(), attempt = from_context(token), filter = (*topics)[0]] {
    port->on_unsubscribed(attempt, filter);
  });
}

void PahoClient::settle(const mqtt::token& token, bool failed) {
  const int code = failed ? static_cast<int>(token.get_reason_code()) : 0;
  const auto kind = !failed                 ? Outcome::Kind::accepted
                    : reason::refuses(code) ? Outcome::Kind::refused
                                            : Outcome::Kind::lost;
  settle(from_context(token), kind, kind == Outcome::Kind::refused ? code : 0);
}

void PahoClient::settle(std::uint64_t serial, Outcome::Kind kind, std::uint8_t reason) {
  if (!port_->in_flight.settle(serial, kind, reason, std::chrono::steady_clock::now())) return;
  port_->loop.post([port = port_.get()] { port->on_outcomes(); });
}

}  // namespace bascule
