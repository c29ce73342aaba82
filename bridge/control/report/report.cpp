#include "control/report/report.hpp"

#include <algorithm>
#include <ctime>
#include <map>
#include <string>
#include <string_view>

#include "control/pauses.hpp"
#include "control/report/faults.hpp"
#include "control/report/flash.hpp"
#include "forwarder/lane/rate.hpp"
#include "text/time.hpp"
#include "text/units.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::size_t held_topics_named = 100;

template <class Value>
json or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json();
}

json retained_report(const RetainedStatus& retained) {
  return {{"state", word_of(retained_state_words, retained.state)},
          {"compared", retained.compared_ms == 0 ? json() : json(utc_text(retained.compared_ms))},
          {"changed", retained.changed},
          {"cleared", retained.cleared},
          {"kept", retained.kept},
          {"why", retained.why.empty() ? json() : json(retained.why)}};
}

// What CONNACK said; null: the link is down, or speaks MQTT 3.1.1, which says none of it.
json granted_report(const LinkStatus& link) {
  if (!link.granted || link.granted->protocol != Protocol::v5) return {};
  const Limits& granted = *link.granted;
  const Qos qos = granted.knows_qos_2 ? Qos::exactly_once : granted.maximum_qos;
  return {{"session_expiry_s", or_null(granted.session_expiry_s)},
          {"keep_alive_s", or_null(granted.keep_alive_s)},
          {"maximum_packet_bytes", granted.maximum_packet_bytes},
          {"maximum_qos", static_cast<int>(qos)},
          {"retain", granted.retain_available},
          {"receive_maximum", granted.receive_maximum}};
}

json link_report(const LinkStatus& link, const RetainedStatus& retained) {
  return {{"state", word_of(link_state_words, link.state)},
          {"since", utc_text(link.since_ms)},
          {"broker", link.broker},
          {"protocol", link.protocol},
          {"rtt_ms", link.rtt_ms},
          {"reconnects", link.reconnects},
          {"next_try", link.next_try_ms == 0 ? json() : json(utc_text(link.next_try_ms))},
          {"last_error", link.last_error.empty() ? json() : json(link.last_error)},
          {"warning", link.warning.empty() ? json() : json(link.warning)},
          {"granted", granted_report(link)},
          {"token_until", link.token_until_ms == 0 ? json() : json(utc_text(link.token_until_ms))},
          {"unretained", link.unretained},
          {"held_back", link.held_back.empty() ? json() : json(link.held_back)},
          {"retained", retained_report(retained)}};
}

std::string subscription_state(const LinkStatus& link, const SubscriptionStatus* subscription) {
  using State = SubscriptionStatus::State;
  if (link.state != LinkStatus::State::up && link.state != LinkStatus::State::slow) {
    return "offline";
  }
  if (subscription == nullptr || subscription->state == State::asking) return "asking";
  if (subscription->state == State::granted) return "subscribed";
  return subscription->state == State::refused ? "refused" : "unanswered";
}

json routes_report(const std::vector<RouteReport>& routes) {
  json list = json::array();
  for (const RouteReport& route : routes) {
    list.push_back({{"name", route.name},
                    {"direction", to_string(route.direction)},
                    {"filter", route.filter},
                    {"state", route.state},
                    {"why", route.why.empty() ? json() : json(route.why)}});
  }
  return list;
}

json counters_report(const JournalReport& journal, Direction direction) {
  const Tally& tally = journal.tallies[direction];
  std::uint64_t journaled = 0;
  std::uint64_t pending = 0;
  std::uint64_t held = 0;  // of those
  std::uint64_t unconfirmed = 0;
  std::uint64_t fates[4] = {};
  for (const LaneReport& lane : journal.lanes) {
    // The bridge's own events are not traffic that crosses.
    if (lane.state.direction != direction || lane.state.name == events_lane) continue;
    journaled += lane.state.journaled();
    pending += lane.state.backlog();
    held += lane.state.held;
    unconfirmed += lane.state.unconfirmed;
    for (int fate = 0; fate < 4; ++fate) fates[fate] += lane.state.fates[fate];
  }
  return {{"received", journal.received[direction]},
          {"emitted", tally.emitted},
          {"journaled", journaled},
          {"unrouted", tally.unrouted},
          {"repeats", tally.repeats},
          {"looped", journal.looped[direction]},
          {"copied_stamps", journal.copied[direction]},
          {"journaled_twice", journal.journaled_twice[direction]},
          {"refused", tally.refused},
          {"forwarded", fates[static_cast<int>(Fate::forwarded)]},
          {"unconfirmed", unconfirmed},
          {"expired", fates[static_cast<int>(Fate::expired)]},
          {"evicted", fates[static_cast<int>(Fate::evicted)]},
          {"quarantined", fates[static_cast<int>(Fate::quarantined)]},
          {"pending", pending},
          {"held", held}};
}

// The topics that are held: of each how much, the most first; with a bound on how many are named.
json held_report(const JournalReport& journal) {
  std::uint64_t messages = 0;
  std::vector<std::pair<const LaneReport*, const HeldTopic*>> topics;
  for (const LaneReport& lane : journal.lanes) {
    for (const HeldTopic& topic : lane.held) {
      messages += topic.messages;
      topics.emplace_back(&lane, &topic);
    }
  }
  std::stable_sort(topics.begin(), topics.end(), [](const auto& a, const auto& b) {
    return a.second->messages > b.second->messages;
  });
  json named = json::array();
  for (const auto& [lane, topic] : topics) {
    if (named.size() == held_topics_named) break;
    named.push_back({{"direction", to_string(lane->state.direction)},
                     {"lane", lane->state.name},
                     {"topic", topic->topic},
                     {"reason", topic->reason},
                     {"messages", topic->messages},
                     {"bytes", topic->bytes},
                     {"since", utc_text(topic->since_ms)}});
  }
  return {{"messages", messages}, {"topics", topics.size()}, {"by_topic", std::move(named)}};
}

// Messages that nobody takes.
json orphans_report(const std::vector<Orphan>& orphans) {
  json list = json::array();
  for (const Orphan& orphan : orphans) {
    list.push_back({{"lane", orphan.lane},
                    {"direction", to_string(orphan.direction)},
                    {"policy", orphan.policy.empty() ? json() : json(orphan.policy)},
                    {"messages", orphan.messages},
                    {"oldest_age_s", orphan.oldest_age_ms / 1'000},
                    {"advice", to_string(orphan)}});
  }
  return list;
}

// What of another lane goes first; null: nothing has to.
json behind_report(const LaneReport& lane) {
  if (lane.behind.empty()) return {};
  return {{"lane", lane.behind}, {"messages", lane.behind_messages}};
}

std::string rate_text(const Rate& rate) {
  if (rate.bytes_per_s > 0) return size_text(rate.bytes_per_s) + "/s";
  return std::to_string(rate.messages_per_s) + "msg/s";
}

// Of a place that a person has paused; null: it is not.
json pause_of(const std::vector<Pause>& pauses, const Pause& place) {
  const auto found =
      std::ranges::find_if(pauses, [&](const Pause& pause) { return pause.same_place(place); });
  return found == pauses.end() ? json() : pause_report(*found);
}

// Why what is in the lane has not crossed, the first of the reasons; empty: it is under way, or
// there is nothing. `far`: the link that it leaves by.
std::string waits(const LaneState& lane, const LaneStatus& sending, const char* name,
                  const LinkStatus& far, const std::vector<Pause>& pauses) {
  if (lane.backlog() == 0) return "";
  if (!pause_of(pauses, {name}).is_null()) {
    return std::string(name) + " is paused: 'bascule resume " + name + "' lets it go on";
  }
  if (!pause_of(pauses, {"", lane.direction, lane.name}).is_null()) {
    return "it is paused: 'bascule resume --lane " + lane.name + "' lets it go on";
  }
  if (far.state == LinkStatus::State::down) return std::string(name) + " is down";
  if (!sending.waits_for.empty()) return "the broker refuses for now: " + sending.waits_for;
  if (lane.in_order() == 0) return "held: the broker refuses the topics";
  if (!far.held_back.empty()) return std::string(name) + " is held back by " + far.held_back;
  if (sending.careful) return "one message at a time, since the broker refused some for now";
  if (const auto& hours = lane.settings.hours) {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    const std::int64_t closed_ms = closed_for_ms(*hours, local);
    if (closed_ms > 0) {
      return "its hours begin at " + time_of_day_text(hours->from_min) + ", in " +
             span_text(static_cast<double>(closed_ms) / 1'000);
    }
  }
  const Rate& rate = lane.settings.rate;
  if (rate.bytes_per_s > 0 || rate.messages_per_s > 0) return "its rate is " + rate_text(rate);
  if (far.state == LinkStatus::State::slow) {
    return std::string(name) + " acknowledges slowly (slow_after)";
  }
  return "";
}

json flash_report(const StatusParts& parts) {
  const Flash found = flash(parts.endurance_bytes, parts.flash_used_percent,
                            {parts.journal.written_bytes, parts.journal.placed, parts.uptime_ms});
  return {{"endurance_bytes", parts.endurance_bytes == 0 ? json() : json(parts.endurance_bytes)},
          {"used_percent", or_null(parts.flash_used_percent)},
          {"bytes_per_message", or_null(found.bytes_per_message)},
          {"bytes_per_day", or_null(found.bytes_per_day)},
          {"bytes_per_year", or_null(found.bytes_per_year)},
          {"years_left", or_null(found.years_left)},
          {"why", found.why.empty() ? json() : json(found.why)}};
}

json retained_size(const RetainedSize& size) {
  return {{"values", size.values}, {"bytes", size.bytes}, {"unnoted", size.unnoted}};
}

json inputs_report(const LaneState& lane) {
  return {{"decided", lane.count(Fate::forwarded)},
          {"quarantined", lane.count(Fate::quarantined)},
          {"backlog", lane.backlog()}};
}

}  // namespace

json policies_report(const std::vector<PolicyReport>& policies) {
  json list = json::array();
  for (const PolicyReport& policy : policies) {
    list.push_back({{"name", policy.name},
                    {"plugin", policy.type},
                    {"version", policy.version},
                    {"waits_for", policy.waits_for.empty() ? json() : json(policy.waits_for)},
                    {"cases", policy.cases},
                    {"failed", policy.failed},
                    {"up", inputs_report(policy.up)},
                    {"down", inputs_report(policy.down)}});
  }
  return list;
}

std::vector<RouteReport> route_reports(const std::vector<Route>& routes, Direction direction,
                                       std::string_view bridge_id, const LinkStatus& link) {
  std::vector<RouteReport> reports;
  std::map<std::string_view, const SubscriptionStatus*> answers;
  for (const SubscriptionStatus& status : link.subscriptions) answers[status.filter] = &status;
  for (const Route& route : routes) {
    if (route.direction != direction) continue;
    const std::string filter = to_filter(route.from, bridge_id);
    const auto found = answers.find(filter);
    const SubscriptionStatus* const known = found == answers.end() ? nullptr : found->second;
    std::string state = subscription_state(link, known);
    const bool told = known != nullptr && state != "offline";
    reports.push_back(
        {route.name, direction, filter, std::move(state), told ? known->why : std::string()});
  }
  return reports;
}

json status_report(const StatusParts& parts) {
  const JournalReport& journal = parts.journal;
  json lanes = json::array();
  for (const LaneReport& lane : journal.lanes) {
    const LaneState& state = lane.state;
    if (state.input) continue;  // with its policy
    const auto& known = parts.lanes[state.direction];
    const auto found = known.find(state.name);
    const LaneStatus sending = found == known.end() ? LaneStatus{} : found->second;
    const bool up = state.direction == Direction::up;
    const LinkStatus* const far = !up ? &parts.site : parts.central ? &*parts.central : nullptr;
    const std::string why =
        far == nullptr ? "" : waits(state, sending, up ? "central" : "site", *far, journal.pauses);
    lanes.push_back(
        {{"name", state.name},
         {"direction", to_string(state.direction)},
         {"next_sequence", state.next},
         {"cursor", state.cursor},
         {"bookmark", state.confirmed},
         {"backlog", state.backlog()},
         {"backlog_bytes", state.backlog_bytes()},
         {"journaled_bytes", state.appended_bytes},
         {"resolved_bytes", state.appended_bytes - state.backlog_bytes()},
         {"oldest_age_s", lane.oldest_age_ms / 1'000},
         {"in_flight", sending.in_flight},
         {"held", state.held},
         {"put_back", sending.put_back},
         {"waits_for", sending.waits_for.empty() ? json() : json(sending.waits_for)},
         {"reordered", sending.reordered},
         {"one_at_a_time", sending.careful},
         {"behind", behind_report(lane)},
         {"former", state.former},
         {"paused", pause_of(journal.pauses, {"", state.direction, state.name})},
         {"waits", why.empty() ? json() : json(why)},
         {"drained_per_s", lane.drained_per_s},
         {"replaying", state.replay_next == 0 ? 0 : state.replay_last - state.replay_next + 1}});
  }
  json links = {{"site", link_report(parts.site, parts.site_retained)}};
  links["site"]["paused"] = pause_of(journal.pauses, {"site"});
  links["site"]["forgot"] = forgotten_report(journal.forgotten[Direction::down]);
  links["site"]["expired"] = expired_report(journal.expired[Direction::down]);
  if (parts.central) {
    links["central"] = link_report(*parts.central, parts.central_retained);
    links["central"]["paused"] = pause_of(journal.pauses, {"central"});
    links["central"]["forgot"] = forgotten_report(journal.forgotten[Direction::up]);
    links["central"]["expired"] = expired_report(journal.expired[Direction::up]);
  }
  return {{"bridge", parts.bridge},
          {"version", BASCULE_VERSION},
          {"epoch", journal.epoch},
          {"uptime_s", parts.uptime_ms / 1'000},
          {"links", std::move(links)},
          {"lanes", std::move(lanes)},
          {"policies", policies_report(parts.policies)},
          {"routes", routes_report(parts.routes)},
          {"counters",
           {{"up", counters_report(journal, Direction::up)},
            {"down", counters_report(journal, Direction::down)}}},
          {"journal",
           {{"bytes", journal.used_bytes},
            {"sync", parts.sync},
            {"max_bytes", parts.max_bytes},
            {"free_bytes", journal.free_bytes},
            {"min_free_bytes", parts.min_free_bytes},
            {"full", journal.full},
            {"commits", journal.commits},
            {"written_bytes", or_null(parts.written_bytes)},
            {"flash", flash_report(parts)},
            {"retained",
             {{"up", retained_size(journal.retained[Direction::up])},
              {"down", retained_size(journal.retained[Direction::down])}}},
            {"log_damage", damage_report(journal.log_damage)},
            {"trouble", journal.trouble.empty() ? json() : json(journal.trouble)}}},
          {"held", held_report(journal)},
          {"orphans", orphans_report(parts.orphans)},
          {"quarantine",
           {{"messages", journal.quarantine.messages}, {"bytes", journal.quarantine.bytes}}},
          {"cases", {{"open", journal.cases}}},
          {"losses",
           {{"messages", journal.lost},
            {"last", journal.lost_ms == 0 ? json() : json(utc_text(journal.lost_ms))},
            {"not_resent", journal.not_resent}}},
          {"resent", journal.resent}};
}

}  // namespace bascule
