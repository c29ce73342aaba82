#include "doctor/brokers.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crossing/same_broker.hpp"
#include "doctor/reach.hpp"
#include "doctor/visit.hpp"
#include "link/connect_settings.hpp"
#include "link/own_topic_names.hpp"
#include "link/reason.hpp"
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

// One of the two. Three visits: the first leaves a retained word and a session behind, the second
// looks for both, the third ends the session and asks for the routes' filters.
class Patient {
 public:
  Patient(const BridgeConfig& config, const LinkSettings& link, Direction in, const OwnBridge& own,
          ProbeTopics probe, const Tell& tell)
      : config_(config),
        link_(link),
        in_(in),
        own_(own),
        probe_(probe),
        tell_(tell),
        names_(config.id, link.own_topics, link.retain),
        topic_(names_.prefix() + "doctor/" + link.name),
        other_topic_(names_.prefix() + "doctor/" +
                     (in == Direction::up ? config.central : config.site).name),
        word_(draw_word(link.name)) {}

  const std::string& word() const { return word_; }
  bool connect();
  void leave_word();
  // What the other one leaves, if both are one broker.
  bool may_hear(const Patient& other) const {
    return tries_own() && other.tries_own() && other_topic_ == other.topic_;
  }
  bool hears(const std::string& word) { return visit_->wait_heard(word, 500ms).has_value(); }
  void come_back();
  // Those of mosquitto's own bridges that are connected at this broker, by their client ids;
  // nothing: it does not tell.
  std::optional<std::set<std::string>> bridges();

 private:
  void tell(Level level, const char* check, const std::string& text) const {
    tell_({level, link_.name, check, text});
  }
  const std::string& bookmark() const { return names_.bookmark(opposite(in_)); }
  // Where the bridge keeps no bookmark, or one on a topic of the admin's, it may have no right to
  // any other.
  bool tries_own() const { return !bookmark().empty() && link_.own_topics.bookmark.topic.empty(); }
  std::vector<Subscription> own_subscriptions() const;
  std::optional<Limits> enter(bool keep_session, std::vector<Subscription> subscriptions);
  void tell_limits(const Limits& limits) const;
  std::string why_not(const std::optional<Outcome>& outcome) const;
  void look_for_others() const;
  void look_for_word();
  void ask_for_filters();
  void publish_to_targets(const Limits& limits);

  const BridgeConfig& config_;
  const LinkSettings& link_;
  const Direction in_;  // of what it delivers
  const OwnBridge& own_;
  const ProbeTopics probe_;
  const Tell& tell_;
  const OwnTopicNames names_;
  const std::string topic_;
  const std::string other_topic_;  // of the other one, which is not heard here unless both are one
  const std::string word_;
  bool word_left_ = false;
  std::unique_ptr<Visit> visit_;
};

std::optional<Limits> Patient::enter(bool keep_session, std::vector<Subscription> subscriptions) {
  visit_.reset();  // two of one client id would throw each other out
  visit_ = std::make_unique<Visit>(link_, names_.prefix(), keep_session, std::move(subscriptions));
  return visit_->wait_up();
}

Subscription to_own(const std::string& topic) {
  Subscription subscription;
  subscription.filter = topic;
  subscription.no_local = false;
  subscription.always_retained = true;
  subscription.qos = Qos::exactly_once;  // a broker that does not know it says so
  return subscription;
}

std::vector<Subscription> Patient::own_subscriptions() const {
  if (!tries_own()) return {};
  std::vector<Subscription> own{to_own(topic_), to_own(other_topic_), to_own(bookmark())};
  if (!names_.state().empty()) own.push_back(to_own(names_.state()));
  return own;
}

bool Patient::connect() {
  const auto limits = enter(true, own_subscriptions());
  if (!limits) {
    tell(Level::error, "MQTT",
         visit_->error() + "; check username, password_file and certificate of '" + link_.name +
             "', and that the broker lets the client ids " + link_.client_id + " and " +
             Visit::client_id(link_) + " in");
    return false;
  }
  tell(Level::ok, "MQTT",
       std::string(limits->protocol == Protocol::v5 ? "5" : "3.1.1") + ", as " +
           Visit::client_id(link_));
  tell_limits(*limits);
  return true;
}

void Patient::tell_limits(const Limits& limits) const {
  const std::uint64_t largest = std::uint64_t{link_.max_payload_bytes} + packet_head_bytes;
  const std::string packet = "up to " + about(limits.maximum_packet_bytes);
  if (limits.maximum_packet_bytes < largest) {
    tell(Level::warning, "packet size",
         packet + ", and journal.max_payload is " + size_text(link_.max_payload_bytes) +
             ": what is larger will be quarantined; allow it there, or lower max_payload");
  } else {
    tell(Level::ok, "packet size", limits.protocol == Protocol::v5 ? packet : "not told");
  }
  const std::string flight = std::to_string(limits.receive_maximum) + " unacknowledged";
  if (limits.receive_maximum < in_flight_few && limits.receive_maximum < link_.window) {
    tell(Level::warning, "in flight",
         flight +
             ": slow on a line with latency; allow 1000 there (mosquitto: "
             "max_inflight_messages)");
  } else {
    tell(Level::ok, "in flight", limits.protocol == Protocol::v5 ? flight : "not told");
  }
  if (!limits.knows_qos_2) {
    tell(limits.maximum_qos == Qos::at_most_once ? Level::error : Level::warning, "QoS",
         std::string("at most ") + std::string(word_of(qos_words, limits.maximum_qos)) +
             ": what is published at more crosses at that; set 'broker' to its kind, for what it "
             "keeps over a crash differs");
  } else {
    tell(Level::ok, "QoS", "up to 2");
  }
  const std::string shortened = session_shortened(link_, limits);
  tell(shortened.empty() ? Level::ok : Level::warning, "session expiry",
       !shortened.empty()                ? shortened + "; raise it there"
       : limits.protocol == Protocol::v5 ? "as asked for, " + duration_text(link_.session_expiry)
                                         : "not told");
  if (!limits.retain_available && link_.retain) {
    tell(Level::error, "retain",
         "the broker retains nothing, so that the bridge cannot tell what it has lost; allow it "
         "there");
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
    tell(Level::error, "session", "a second connection fails: " + visit_->error());
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

// Of each wildcard one level.
std::string topic_under(const std::string& filter) {
  std::string topic;
  for (const char c : filter) {
    topic += c == '+' || c == '#' ? std::string("bascule-doctor") : std::string(1, c);
  }
  return topic;
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

void compare(const BridgeConfig& config, Patient& site, Patient& central, const Tell& tell) {
  if (!site.may_hear(central) || !central.may_hear(site)) {
    return tell({Level::skipped, "here", "two brokers",
                 "whether they are one is unknown: the bridge does not speak for itself on the "
                 "same topics at both"});
  }
  if (!site.hears(central.word()) && !central.hears(site.word())) {
    return tell({Level::ok, "here", "two brokers", "site and central are not the same"});
  }
  const bool round = goes_round(config.routes, config.id);
  tell({round ? Level::error : Level::warning, "here", "two brokers",
        std::string("site and central are the same broker") +
            (round ? ", and a route takes what a route sends: a message would go round; name two "
                     "brokers, or topics that do not meet"
                   : "; name two, unless that is meant")});
}

// A bridge of mosquitto tells both brokers of it, under one name.
void compare_bridges(const std::optional<std::set<std::string>>& site,
                     const std::optional<std::set<std::string>>& central, const Tell& tell) {
  const auto found = [&](Level level, const std::string& text) {
    tell({level, "site", "other bridge", text});
  };
  if (!site) {
    return found(Level::skipped,
                 "whether a bridge of mosquitto's own is still connected is unknown: the broker "
                 "does not show $SYS to this user");
  }
  if (site->empty()) return found(Level::ok, "no bridge of mosquitto's own is connected");
  for (const std::string& name : *site) {
    const bool both = central && central->contains(name);
    found(Level::warning,
          "mosquitto's own bridge " + name + " is connected" +
              (both ? " to the same central broker: what both carry crosses twice; take its "
                      "'connection' out of mosquitto.conf"
                    : "; if that is to the same central broker, what both carry crosses twice"));
  }
}

}  // namespace

Finding check_id(const std::string& where, const std::string& id, const std::string& state,
                 const std::string& epoch, const OwnBridge& own) {
  const std::string ruin =
      ": two with one id write over each other's bookmark, and each sends again what has crossed; "
      "give one of them another bridge.id";
  const auto found = [&](Level level, const std::string& text) {
    return Finding{level, where, "bridge id", text};
  };
  if (own.up.contains(where)) {
    if (epoch.empty() || epoch == own.epoch) {
      return found(Level::ok, "the bridge " + id + " here is the one that runs on this machine");
    }
    return found(Level::error, "another bridge with the id " + id + " writes the bookmark here (" +
                                   "epoch " + epoch + ", and ours is " + own.epoch + ")" + ruin);
  }
  if (state != state_online) {
    return found(Level::ok, "no bridge with the id " + id + " is online here" +
                                (epoch.empty() ? "" : "; one was, with the epoch " + epoch));
  }
  const std::string there = "a bridge with the id " + id + " is online here";
  if (!own.unknown.empty()) {
    return found(Level::warning,
                 there + ", and whether it is that of this machine is unknown: " + own.unknown);
  }
  const std::string not_here = own.epoch.empty() ? ", and none runs on this machine"
                                                 : ", and that of this machine is not connected";
  if (!own.has_journal) return found(Level::error, there + not_here + ruin);
  return found(Level::warning,
               there + not_here + ruin +
                   "; if it was this one, killed or cut off, the broker will notice within 1.5 "
                   "times its keep alive");
}

void check_brokers(const BridgeConfig& config, const OwnBridge& own, ProbeTopics probe,
                   const Tell& tell) {
  Patient site(config, config.site, Direction::up, own, probe, tell);
  const bool site_up = reach(config.site, tell) && site.connect();
  if (site_up) site.leave_word();
  if (config.hub) {
    if (site_up) site.come_back();
    return;
  }
  Patient central(config, config.central, Direction::down, own, probe, tell);
  const bool central_up = reach(config.central, tell) && central.connect();
  if (central_up) central.leave_word();
  if (site_up && central_up) compare(config, site, central, tell);
  if (site_up) site.come_back();
  if (central_up) central.come_back();
  if (site_up && central_up) compare_bridges(site.bridges(), central.bridges(), tell);
}

}  // namespace bascule
