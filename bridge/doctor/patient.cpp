#include "doctor/patient.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <string_view>
#include <utility>

#include "doctor/remedy.hpp"
#include "link/connect_settings.hpp"
#include "link/reason.hpp"
#include "link/token/token.hpp"
#include "message/own.hpp"
#include "message/topic.hpp"
#include "route/pattern.hpp"
#include "route/route.hpp"
#include "text/fields.hpp"
#include "text/units.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;
using Level = Finding::Level;

constexpr auto heard_within = 5s;
constexpr std::uint32_t in_flight_few = 100;
constexpr std::uint32_t packet_head_bytes = 1 << 10;  // topic and properties, as they mostly are

std::string draw_word(const std::string& link) {
  std::random_device random;
  return link + ' ' + std::to_string((std::uint64_t{random()} << 32) | random());
}

// Of large sizes the whole MiB.
std::string about(std::uint64_t bytes) {
  constexpr std::uint64_t large = 10 << 20;
  return size_text(bytes < large ? bytes : bytes >> 20 << 20);
}

Subscription to_own(const std::string& topic) {
  Subscription subscription;
  subscription.filter = topic;
  subscription.no_local = false;
  subscription.always_retained = true;
  subscription.qos = Qos::exactly_once;  // a broker that does not know it says so
  return subscription;
}

// Of each wildcard one level.
std::string topic_under(const std::string& filter) {
  std::string topic;
  for (const char c : filter) {
    topic += c == '+' || c == '#' ? std::string("bascule-doctor") : std::string(1, c);
  }
  return topic;
}

// The token is the bridge's, whatever client id shows it, and at whichever address.
LinkSettings with_its_token(LinkSettings link) {
  if (link.token.kind == TokenKind::azure_sas) link.token.resource = sas_resource(link);
  return link;
}

}  // namespace

Patient::Patient(const BridgeConfig& config, const LinkSettings& link, Direction in,
                 const OwnBridge& own, ProbeTopics probe, const Tell& tell)
    : config_(config),
      link_(with_its_token(link)),
      in_(in),
      own_(own),
      probe_(probe),
      tell_(tell),
      names_(config.id, link.own_topics, link.retain),
      topic_(names_.prefix() + "doctor/" + link.name),
      other_topic_(names_.prefix() + "doctor/" +
                   (in == Direction::up ? config.central : config.site).name),
      word_(draw_word(link.name)) {}

bool Patient::hears(const std::string& word) { return visit_->wait_heard(word, 500ms).has_value(); }

std::optional<Limits> Patient::enter(bool keep_session, std::vector<Subscription> subscriptions) {
  visit_.reset();  // two of one client id would throw each other out
  visit_ = std::make_unique<Visit>(link_, names_.prefix(), keep_session, std::move(subscriptions));
  return visit_->wait_up();
}

std::vector<Subscription> Patient::own_subscriptions() const {
  if (!tries_own()) return {};
  std::vector<Subscription> own{to_own(topic_), to_own(other_topic_), to_own(bookmark())};
  if (!names_.state().empty()) own.push_back(to_own(names_.state()));
  return own;
}

std::string Patient::refusal() const {
  const std::string why = visit_->error();
  return why + remedy(why, link_,
                      "; check " + proofs_of(link_) + " of '" + link_.name +
                          "', and that the broker lets the client ids " + link_.client_id +
                          " and " + Visit::client_id(link_) + " in");
}

// Of several addresses those at which the bridge is let in.
std::vector<std::string> Patient::that_let_in(const std::vector<std::string>& urls) {
  std::vector<std::string> good, refusals;
  for (const std::string& url : urls) {
    link_.url = url;
    if (enter(false, {})) {
      good.push_back(url);
    } else {
      refusals.push_back(url + ": " + refusal());
    }
  }
  for (const std::string& text : refusals) {
    tell(good.empty() ? Level::error : Level::warning, "MQTT", text);
  }
  return good;
}

bool Patient::connect(std::vector<std::string> urls) {
  link_.other_urls.clear();
  if (urls.empty()) return false;
  if (link_.profile == Profile::azure_iot_hub) {
    tell(
        Level::skipped, "MQTT",
        "this service lets one client in as " + link_.client_id +
            ", and that is the bridge: the doctor would throw it out, and take its messages; start "
            "the bridge, and see what 'bascule status' says of " +
            link_.name);
    return false;
  }
  const bool several = urls.size() > 1;
  if (several) urls = that_let_in(urls);
  if (urls.empty()) return false;
  link_.url = urls.front();
  const auto limits = enter(true, own_subscriptions());
  if (!limits) {
    tell(Level::error, "MQTT", refusal());
    return false;
  }
  tell(Level::ok, "MQTT",
       std::string(limits->protocol == Protocol::v5 ? "5" : "3.1.1") + ", as " +
           Visit::client_id(link_) + (several ? ", at " + link_.url : ""));
  tell_limits(*limits);
  return true;
}

// The least of what the link and the journal take counts.
void Patient::tell_sizes(const Limits& limits) const {
  const std::uint32_t own_limit = link_.publish_max_payload_bytes;
  const bool own = own_limit > 0 && own_limit <= link_.max_payload_bytes;
  const std::uint32_t largest = own ? own_limit : link_.max_payload_bytes;
  const std::string key = own ? link_.name + ".max_payload" : "journal.max_payload";
  const std::string packet = "up to " + about(limits.maximum_packet_bytes);
  if (limits.maximum_packet_bytes < std::uint64_t{largest} + packet_head_bytes) {
    tell(Level::warning, "packet size",
         packet + ", and " + key + " is " + size_text(largest) +
             ": what is larger will be quarantined; allow it there, or say so with 'max_payload' "
             "in " +
             link_.name);
  } else if (limits.protocol == Protocol::v5) {
    tell(Level::ok, "packet size", packet + (own ? "; " + key + " is " + size_text(largest) : ""));
  } else {
    tell(Level::ok, "packet size",
         own ? "not told; " + key + " is " + size_text(largest) : "not told");
  }
}

void Patient::tell_limits(const Limits& limits) const {
  tell_sizes(limits);
  const std::string flight = std::to_string(limits.receive_maximum) + " unacknowledged";
  if (limits.receive_maximum < in_flight_few && limits.receive_maximum < link_.window) {
    tell(Level::warning, "in flight",
         flight +
             ": slow on a line with latency; allow 1000 there (mosquitto: "
             "max_inflight_messages)");
  } else {
    tell(Level::ok, "in flight", limits.protocol == Protocol::v5 ? flight : "not told");
  }
  const std::string most(word_of(qos_words, link_.max_qos));
  if (!limits.knows_qos_2 && limits.maximum_qos < link_.max_qos) {
    tell(limits.maximum_qos == Qos::at_most_once ? Level::error : Level::warning, "QoS",
         std::string("at most ") + std::string(word_of(qos_words, limits.maximum_qos)) +
             ": what is published at more crosses at that; set 'broker' to its kind, for what it "
             "keeps over a crash differs, or say so with 'max_qos'");
  } else if (link_.max_qos < Qos::exactly_once) {
    tell(Level::ok, "QoS", "up to " + most + ", as 'max_qos' says");
  } else {
    tell(Level::ok, "QoS", "up to 2");
  }
  const std::string shortened = session_shortened(link_, limits);
  tell(shortened.empty() ? Level::ok : Level::warning, "session expiry",
       !shortened.empty() ? shortened + "; raise it there, or set session_expiry to what it grants"
       : limits.protocol == Protocol::v5 ? "as asked for, " + duration_text(link_.session_expiry)
                                         : "not told");
  if (!link_.retain) {
    tell(Level::ok, "retain", "off here: all crosses without the flag");
  } else if (!limits.retain_available) {
    tell(Level::error, "retain",
         "the broker retains nothing, so that the bridge cannot tell what it has lost; allow it "
         "there, or say so with 'retain: off'");
  }
}

std::string Patient::why_not(const std::optional<Outcome>& outcome) const {
  if (!outcome) return "the broker does not answer";
  if (outcome->kind == Outcome::Kind::accepted) return "";
  if (outcome->reason != 0) return describe_reason(outcome->reason);
  return "the broker closes the connection";
}

// A retained message, as the bookmark is one.
void Patient::leave_word() {
  if (!tries_own()) {
    const std::string cost = names_.cost();
    tell(Level::skipped, "bookmark",
         bookmark().empty() ? cost : "it has a topic of its own, " + bookmark() + ": not tried");
    return;
  }
  const std::string allow =
      "; allow publishing and subscribing to " + names_.prefix() + "# for this user";
  for (const SubscriptionStatus& status : visit_->subscriptions()) {
    if (status.filter != topic_ || status.state == SubscriptionStatus::State::granted) continue;
    tell(Level::error, "bookmark",
         "may not subscribe to " + topic_ + (status.why.empty() ? "" : ": " + status.why) + allow);
    return;
  }
  const std::string wrong = why_not(visit_->publish(topic_, word_, true));
  if (!wrong.empty()) {
    tell(Level::error, "bookmark", "may not publish to " + topic_ + ": " + wrong + allow);
  } else if (!visit_->wait_heard(word_, heard_within)) {
    tell(Level::error, "bookmark",
         "what is published to " + topic_ + " is acknowledged, and does not come back" + allow);
  } else {
    word_left_ = true;
    look_for_others();
  }
}

// All that was retained has come before the word.
void Patient::look_for_others() const {
  const auto retained = visit_->retained(names_.prefix());
  const auto payload = [&](const std::string& topic) {
    const auto found = retained.find(topic);
    return found == retained.end() ? std::string() : found->second;
  };
  const auto bookmark = nlohmann::json::parse(payload(this->bookmark()), nullptr, false);
  tell_(
      check_id(link_.name, config_.id, payload(names_.state()), text_of(bookmark, "epoch"), own_));
}

// A broker of another kind, and one that lets nobody read it, does not show its version either.
std::optional<std::set<std::string>> Patient::bridges() {
  const std::string about = Visit::about_mosquitto;
  const std::string prefix = about + "connection/", suffix = "/state";
  std::set<std::string> bridges;
  if (!tries_own()) return std::nullopt;
  if (!enter(false, {to_own(topic_), to_own(about + "version"), to_own(prefix + '+' + suffix)})) {
    return std::nullopt;
  }
  const std::string end = draw_word(link_.name);
  if (visit_->publish(topic_, end, false)) visit_->wait_heard(end, heard_within);
  const auto retained = visit_->retained(about);
  visit_.reset();
  if (!retained.contains(about + "version")) return std::nullopt;
  for (const auto& [topic, connected] : retained) {
    if (!topic.starts_with(prefix) || !topic.ends_with(suffix) || connected != "1") continue;
    bridges.insert(topic.substr(prefix.size(), topic.size() - prefix.size() - suffix.size()));
  }
  return bridges;
}

void Patient::come_back() {
  const auto own =
      tries_own() ? std::vector{to_own(topic_), to_own(other_topic_)} : std::vector<Subscription>();
  if (const auto limits = enter(true, own)) {
    if (limits->session_present) {
      tell(Level::ok, "session", "is kept");
    } else {
      tell(Level::warning, "session",
           "the broker says that there is none, a moment after one was left: it may lose what it "
           "has for the bridge; let it keep sessions, or see OPERATIONS, 'Which broker'");
    }
    look_for_word();
  } else {
    tell(Level::error, "session", "a second connection fails: " + refusal());
  }
  ask_for_filters();
  visit_.reset();
}

void Patient::look_for_word() {
  if (!word_left_) return;
  const auto heard = visit_->wait_heard(word_, heard_within);
  const std::string wrong = why_not(visit_->publish(topic_, "", true));
  if (!heard || !heard->retained) {
    tell(Level::error, "bookmark",
         "what is retained on " + topic_ +
             " is not there a moment later: the bridge cannot tell "
             "what the broker has lost; let it retain messages");
  } else if (!wrong.empty()) {
    tell(Level::error, "bookmark", topic_ + " cannot be cleared: " + wrong);
  } else {
    tell(Level::ok, "bookmark", "written to " + topic_ + ", read back, cleared");
  }
}

void Patient::ask_for_filters() {
  const RouteTable table(config_.routes, in_, config_.id);
  std::vector<Subscription> subscriptions;
  for (const std::string& filter : table.subscriptions()) {
    Subscription subscription;
    subscription.filter = filter;
    subscription.qos = table.qos_of(filter);
    subscriptions.push_back(std::move(subscription));
  }
  const auto limits = enter(false, subscriptions);
  if (!limits) {
    tell(Level::error, "subscribe",
         "with the routes' filters no connection comes up: " + visit_->error() +
             "; allow what 'bascule check --explain' "
             "lists");
    return;
  }
  for (const SubscriptionStatus& status : visit_->subscriptions()) {
    const bool granted = status.state == SubscriptionStatus::State::granted;
    const std::string why = status.why.empty() ? "" : ": " + status.why;
    if (!granted) {
      tell(Level::error, "subscribe",
           status.filter + " is not granted" + why + "; allow it for this user");
    } else {
      tell(why.empty() ? Level::ok : Level::warning, "subscribe",
           status.filter + (why.empty() ? " is granted" : why + "; allow more there"));
    }
  }
  publish_to_targets(*limits);
}

void Patient::publish_to_targets(const Limits& limits) {
  for (const Route& route : config_.routes) {
    if (route.direction == in_ || !route.policy.empty()) continue;
    const std::string topic = topic_under(Template(route.to, route.from, config_.id).filter());
    if (topic.starts_with('$') || !valid_topic(topic)) continue;
    if (probe_ == ProbeTopics::never) {
      tell(Level::skipped, "publish",
           topic + ", of route " + route.name +
               ": it would be seen there; with --probe-topics a "
               "message goes there");
      continue;
    }
    const std::string wrong = why_not(visit_->publish(topic, "bascule doctor", false));
    if (!wrong.empty()) {
      tell(Level::error, "publish",
           topic + ", of route " + route.name + ": " + wrong + "; allow it for this user");
    } else if (limits.protocol != Protocol::v5) {
      tell(Level::warning, "publish",
           topic + ", of route " + route.name +
               ": acknowledged, which over MQTT 3.1.1 does not say "
               "whether it was taken; look at a receiver");
    } else {
      tell(Level::ok, "publish", topic + ", of route " + route.name + ", is taken");
    }
  }
}

}  // namespace bascule
