#include "control/report/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <string_view>
#include <utility>
#include <vector>

namespace bascule {
namespace {

using nlohmann::json;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// A number of the status, and how Prometheus calls it.
struct Metric {
  const char* key;  // a JSON pointer, from where the metric is looked for
  const char* name;
  MetricType type;
  const char* help;
  double factor = 1;  // to the base unit
};

constexpr Metric of_bridge[] = {
    {"/uptime_s", "bascule_uptime_seconds", MetricType::Gauge, "Since the program started."},
    {"/journal/bytes", "bascule_journal_bytes", MetricType::Gauge, "What the journal has on disk."},
    {"/journal/max_bytes", "bascule_journal_limit_bytes", MetricType::Gauge,
     "What the journal may have: journal.max_size."},
    {"/journal/free_bytes", "bascule_journal_free_bytes", MetricType::Gauge,
     "Free on the file system of the journal."},
    {"/journal/commits", "bascule_journal_commits_total", MetricType::Counter,
     "Transactions of the journal since the program started."},
    {"/quarantine/messages", "bascule_quarantine_messages", MetricType::Gauge,
     "What is in the quarantine."},
    {"/cases/open", "bascule_cases_open", MetricType::Gauge, "Exceptions that wait for a person."},
    {"/losses/messages", "bascule_lost_messages_total", MetricType::Counter,
     "What was given up; 'bascule journal losses' has the list."},
    {"/losses/not_resent", "bascule_not_resent_messages_total", MetricType::Counter,
     "What a broker may have lost, and was not sent again."},
    {"/resent", "bascule_resent_messages_total", MetricType::Counter,
     "What was sent again since a broker forgot it."},
    {"/held/topics", "bascule_held_topics", MetricType::Gauge, "Topics that a broker refuses."},
};

// Where they are known.
constexpr Metric of_disk[] = {
    {"/journal/written_bytes", "bascule_disk_written_bytes_total", MetricType::Counter,
     "What the program has had written to disks since it started."},
    {"/journal/flash/years_left", "bascule_flash_left_years", MetricType::Gauge,
     "How long the flash lasts at the most, by journal.flash and what is written; 20: or more."},
    {"/journal/flash/bytes_per_day", "bascule_journal_day_bytes", MetricType::Gauge,
     "What the journal has the disk write in a day, at the rate since the program started."},
    {"/journal/flash/bytes_per_message", "bascule_journal_message_bytes", MetricType::Gauge,
     "What the journal has had the disk write for a message, since the program started."},
};

constexpr Metric of_direction[] = {
    {"/received", "bascule_received_messages_total", MetricType::Counter,
     "What came from the broker."},
    {"/emitted", "bascule_emitted_messages_total", MetricType::Counter, "What policies sent."},
    {"/journaled", "bascule_journaled_messages_total", MetricType::Counter,
     "What entered a lane of the journal."},
    {"/unrouted", "bascule_unrouted_messages_total", MetricType::Counter, "What no route took."},
    {"/repeats", "bascule_repeats_messages_total", MetricType::Counter,
     "What had crossed before, and was dropped."},
    {"/refused", "bascule_refused_messages_total", MetricType::Counter,
     "What the bridge did not take."},
    {"/forwarded", "bascule_forwarded_messages_total", MetricType::Counter,
     "What the far broker has, or a policy has decided."},
    {"/unconfirmed", "bascule_unconfirmed_messages_total", MetricType::Counter,
     "Of the forwarded: at QoS 0, which no broker acknowledges."},
    {"/expired", "bascule_expired_messages_total", MetricType::Counter,
     "What became too old in its lane."},
    {"/evicted", "bascule_evicted_messages_total", MetricType::Counter,
     "What a limit pushed out of its lane."},
    {"/quarantined", "bascule_quarantined_messages_total", MetricType::Counter,
     "What was set aside."},
    {"/pending", "bascule_pending_messages", MetricType::Gauge, "What waits in all lanes."},
    {"/held", "bascule_held_messages", MetricType::Gauge,
     "What waits since the broker refuses its topic."},
};

constexpr Metric of_link[] = {
    {"/rtt_ms", "bascule_link_round_trip_seconds", MetricType::Gauge,
     "Until the broker acknowledges.", 1e-3},
    {"/reconnects", "bascule_link_reconnects_total", MetricType::Counter,
     "Connections after the first, since the program started."},
    {"/unretained", "bascule_link_unretained_messages_total", MetricType::Counter,
     "What was published without the retain flag that it had, since the program started."},
};

constexpr Metric of_lane[] = {
    {"/backlog", "bascule_lane_backlog_messages", MetricType::Gauge, "What waits in the lane."},
    {"/backlog_bytes", "bascule_lane_backlog_bytes", MetricType::Gauge, "Of what size it is."},
    {"/journaled_bytes", "bascule_lane_journaled_bytes_total", MetricType::Counter,
     "Of what size all is that ever entered the lane."},
    {"/resolved_bytes", "bascule_lane_resolved_bytes_total", MetricType::Counter,
     "Of what size all is that has left it: forwarded, given up, or set aside."},
    {"/oldest_age_s", "bascule_lane_oldest_seconds", MetricType::Gauge,
     "How long the oldest of it has waited."},
    {"/in_flight", "bascule_lane_in_flight_messages", MetricType::Gauge,
     "Sent, and not acknowledged."},
    {"/drained_per_s", "bascule_lane_drained_messages_per_second", MetricType::Gauge,
     "How fast the lane empties."},
};

constexpr Metric of_policy[] = {
    {"/failed", "bascule_policy_failed_total", MetricType::Counter,
     "Decisions that failed since the program started."},
    {"/cases", "bascule_policy_cases_open", MetricType::Gauge,
     "Exceptions of this policy that wait for a person."},
};

// Since the journal was made.
constexpr Metric of_damage[] = {
    {"/lost_commits", "bascule_journal_lost_commits_total", MetricType::Counter,
     "Commits that the medium took with the journal's log, with acknowledged messages; or more."},
    {"/mended_bits", "bascule_journal_flips_mended_total", MetricType::Counter,
     "Bits of the journal's log that the medium had changed, and that were put back."},
    {"/left_bits", "bascule_journal_flips_left_total", MetricType::Counter,
     "Bits of the journal's log that the medium had changed, and that are wrong still."},
};

// What one place of the status is labelled with, and the place.
using Place = std::pair<Labels, const json*>;

MetricFamily family(const char* name, MetricType type, const char* help) {
  MetricFamily made;
  made.name = name;
  made.help = help;
  made.type = type;
  return made;
}

void add(MetricFamily& to, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (to.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  to.metric.push_back(std::move(metric));
}

template <std::size_t count>
void add(std::vector<MetricFamily>& to, const Metric (&metrics)[count],
         const std::vector<Place>& places) {
  if (places.empty()) return;
  for (const Metric& metric : metrics) {
    MetricFamily made = family(metric.name, metric.type, metric.help);
    for (const auto& [labels, place] : places) {
      const json& value = place->at(json::json_pointer(metric.key));
      if (value.is_null()) continue;
      add(made, labels, value.get<double>() * metric.factor);
    }
    if (!made.metric.empty()) to.push_back(std::move(made));
  }
}

std::string text(const json& value) { return value.get<std::string>(); }

// One series for each state that there is; that of now is 1.
MetricFamily link_states(const json& links) {
  MetricFamily made = family("bascule_link_state", MetricType::Gauge,
                             "1 for the state that the link is in, 0 for the others.");
  for (const auto& [name, link] : links.items()) {
    for (const char* state : {"up", "down", "slow", "paused"}) {
      add(made, {{"link", name}, {"state", state}}, text(link.at("state")) == state ? 1 : 0);
    }
  }
  return made;
}

MetricFamily held_back(const json& links) {
  MetricFamily made = family("bascule_link_held_back", MetricType::Gauge,
                             "1 while the rate of the link keeps back what could go.");
  for (const auto& [name, link] : links.items()) {
    add(made, {{"link", name}}, link.at("held_back").is_null() ? 0 : 1);
  }
  return made;
}

MetricFamily routes(const json& list) {
  MetricFamily made = family("bascule_route_subscribed", MetricType::Gauge,
                             "1 if the broker has granted what the route needs.");
  for (const json& route : list) {
    add(made, {{"route", text(route.at("name"))}, {"direction", text(route.at("direction"))}},
        route.at("state") == "subscribed" ? 1 : 0);
  }
  return made;
}

}  // namespace

std::string metrics_text(const json& status) {
  std::vector<MetricFamily> families;
  families.push_back(family("bascule_info", MetricType::Gauge, "What runs here; always 1."));
  add(families.back(),
      {{"bridge", text(status.at("bridge"))},
       {"version", text(status.at("version"))},
       {"epoch", text(status.at("epoch"))}},
      1);
  add(families, of_bridge, {{{}, &status}});
  add(families, of_disk, {{{}, &status}});
  families.push_back(family("bascule_journal_trouble", MetricType::Gauge,
                            "1 while the journal takes nothing in: full, or its disk fails."));
  const json& journal = status.at("journal");
  add(families.back(), {},
      journal.at("full").get<bool>() || !journal.at("trouble").is_null() ? 1 : 0);

  const json none{{"lost_commits", 0}, {"mended_bits", 0}, {"left_bits", 0}};
  const json& damage = journal.at("log_damage");
  add(families, of_damage, {{{}, damage.is_null() ? &none : &damage}});

  std::vector<Place> places;
  for (const auto& [direction, counters] : status.at("counters").items()) {
    places.push_back({{{"direction", direction}}, &counters});
  }
  add(families, of_direction, places);

  families.push_back(link_states(status.at("links")));
  families.push_back(held_back(status.at("links")));
  places.clear();
  for (const auto& [name, link] : status.at("links").items()) {
    places.push_back({{{"link", name}}, &link});
  }
  add(families, of_link, places);

  places.clear();
  for (const json& lane : status.at("lanes")) {
    places.push_back(
        {{{"lane", text(lane.at("name"))}, {"direction", text(lane.at("direction"))}}, &lane});
  }
  add(families, of_lane, places);

  families.push_back(routes(status.at("routes")));
  places.clear();
  for (const json& policy : status.at("policies")) {
    places.push_back({{{"policy", text(policy.at("name"))}}, &policy});
  }
  add(families, of_policy, places);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace bascule
