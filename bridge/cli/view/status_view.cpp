#include "cli/view/status_view.hpp"

#include <cstdio>
#include <vector>

#include "cli/view/quarantine_view.hpp"
#include "cli/view/table.hpp"
#include "cli/view/units.hpp"
#include "cli/view/verdict.hpp"
#include "text/fields.hpp"
#include "text/time.hpp"
#include "text/units.hpp"

namespace bascule {

namespace {

using nlohmann::json;
using Align = Table::Align;
using Cell = Table::Cell;

Tone tone_of_state(const std::string& state) {
  if (state == "up") return Tone::good;
  if (state == "down") return Tone::bad;
  return Tone::warn;
}

// What grew from `before` to `now`, per second; nothing to say without an earlier answer, or if the
// daemon was started anew in between.
std::string growth(const json& now, const json& before, const char* name, double elapsed_s) {
  const double grown = number_of(now, name) - number_of(before, name);
  return before.contains(name) && grown >= 0 ? rate_text(grown / elapsed_s) : "-";
}

// Of a pause that ends by itself.
std::string until_text(const json& pause) {
  const std::string until = text_of(pause, "until");
  return until.empty() ? "" : " until " + until;
}

std::string protocol_text(const json& link) {
  switch (count_of(link, "protocol")) {
    case 5:
      return "MQTT 5";
    case 4:
      return "MQTT 3.1.1";
    default:
      return "-";
  }
}

std::string state_age(const json& link, std::int64_t now_ms) {
  const std::string since = text_of(link, "since");
  const auto since_ms = parse_time(since);
  if (!since_ms) return since.empty() ? "-" : since;
  return span_text(static_cast<double>(now_ms - *since_ms) / 1'000);
}

// When a link that is down connects again; empty: it is not down, or that is not told.
std::string next_try_text(const json& link, std::int64_t now_ms) {
  if (text_of(link, "state") != "down" || !link.contains("next_try")) return "";
  const auto at_ms = parse_time(text_of(link, "next_try"));
  if (!at_ms || *at_ms <= now_ms) return "it is being tried now";
  return "tried again in " + span_text(static_cast<double>(*at_ms - now_ms) / 1'000);
}

// To the byte; more than that no packet of MQTT can have.
std::string packets_text(std::uint64_t bytes) {
  constexpr std::uint64_t most = 268'435'460;
  if (bytes >= most) return "packets of any size";
  return "packets up to " + (bytes % 1'024 == 0 ? size_text(bytes) : count_text(bytes) + " bytes");
}

// What the broker said in CONNACK; empty: it is not connected, or MQTT 3.1.1 said none of it.
std::string granted_text(const json& granted) {
  if (!granted.is_object() || granted.empty()) return "";
  return "granted: session " + span_text(number_of(granted, "session_expiry_s")) + ", keep alive " +
         span_text(number_of(granted, "keep_alive_s")) + ", " +
         packets_text(count_of(granted, "maximum_packet_bytes")) + ", QoS " +
         std::to_string(count_of(granted, "maximum_qos")) +
         (granted.value("retain", true) ? "" : ", no retain") + ", " +
         count_text(count_of(granted, "receive_maximum")) + " in flight";
}

// The link makes another one before that.
std::string token_text(std::int64_t until_ms, std::int64_t now_ms) {
  if (until_ms <= now_ms) return "its token ended at " + utc_text(until_ms);
  return "its token is good for " + span_text(static_cast<double>(until_ms - now_ms) / 1'000) +
         ", until " + utc_text(until_ms);
}

std::string rtt_text(const json& link) {
  const double rtt_ms = number_of(link, "rtt_ms");
  if (rtt_ms <= 0) return "-";
  std::string text = rate_text(rtt_ms);  // as many digits as make sense
  return text.substr(0, text.size() - 2) + " ms";
}

std::string head(const json& status, bool colour) {
  return painted(text_of(status, "bridge"), Tone::strong, colour) + "  bascule " +
         painted(text_of(status, "version"), Tone::plain, colour) + ", running for " +
         span_text(number_of(status, "uptime_s")) + ", epoch " +
         painted(text_of(status, "epoch"), Tone::plain, colour) + '\n';
}

// What a broker refuses comes first: somebody has to do something about it.
std::string refused(const json& status, const StatusView& view) {
  const json& held = part_of(status, "held");
  std::string text;
  if (count_of(held, "messages") > 0) {
    Table table({{"HELD TOPIC", Align::left, true},
                 {"DIRECTION"},
                 {"LANE", Align::left, true},
                 {"MESSAGES", Align::right},
                 {"FOR", Align::right},
                 {"REASON", Align::left, true}});
    for (const auto& topic : part_of(held, "by_topic")) {
      table.row({{text_of(topic, "topic"), Tone::bad},
                 text_of(topic, "direction"),
                 text_of(topic, "lane"),
                 count_text(count_of(topic, "messages")),
                 state_age(topic, view.now_ms),
                 {text_of(topic, "reason"), Tone::warn}});
    }
    const std::uint64_t more = count_of(held, "topics") - part_of(held, "by_topic").size();
    if (more > 0) table.note({"and " + count_text(more) + " topics more", Tone::warn});
    text += table.text(view.colour, view.page) +
            "their messages wait in the journal, and cross once the broker lets them\n\n";
  }
  for (const auto& lane : part_of(status, "lanes")) {
    const std::string why = text_of(lane, "waits_for");
    if (why.empty()) continue;
    const std::string name = text_of(lane, "name"), direction = text_of(lane, "direction");
    text +=
        painted("lane " + name + " " + direction + " waits: the broker refuses for now: " + why,
                Tone::warn, view.colour) +
        "\nif it is one message that it will never take: 'bascule journal quarantine add --lane " +
        name + " --direction " + direction + "' takes it out\n\n";
  }
  const std::string quarantined = quarantine_advice(part_of(status, "quarantine"), view.colour);
  return text + (quarantined.empty() ? "" : quarantined + '\n');
}

std::string links(const json& status, const StatusView& view) {
  Table table({{"LINK"},
               {"STATE"},
               {"FOR", Align::right},
               {"RTT", Align::right},
               {"PROTOCOL"},
               {"RECONNECTS", Align::right},
               {"BROKER", Align::left, true}});
  for (const char* name : {"site", "central"}) {
    const json& known = part_of(status, "links");
    if (known.contains("site") && !known.contains(name)) continue;  // a hub has one
    const json& link = part_of(part_of(status, "links"), name);
    const std::string state = text_of(link, "state");
    table.row({name,
               {state.empty() ? "?" : state, tone_of_state(state)},
               state_age(link, view.now_ms),
               rtt_text(link),
               protocol_text(link),
               count_text(count_of(link, "reconnects")),
               text_of(link, "broker")});
    const json& pause = part_of(link, "paused");
    const bool by_command = !pause.empty();
    if (by_command) {
      table.note({"paused by " + text_of(pause, "by") + " at " + text_of(pause, "since") +
                      until_text(pause) + "; 'bascule resume " + name + "' lets it go on",
                  Tone::warn});
    }
    std::string down = state == "up" || by_command ? "" : text_of(link, "last_error");
    const std::string next = next_try_text(link, view.now_ms);
    if (!next.empty()) down += (down.empty() ? "" : "; ") + next;
    if (!down.empty()) table.note({down, Tone::warn});
    const std::string warning = text_of(link, "warning");
    if (!warning.empty()) table.note({warning, Tone::warn});
    const std::string held_back = text_of(link, "held_back");
    if (!held_back.empty()) table.note({"held back by " + held_back, Tone::warn});
    const auto token_ms = parse_time(text_of(link, "token_until"));
    if (token_ms) table.note({token_text(*token_ms, view.now_ms), Tone::plain});
    const std::string granted = granted_text(part_of(link, "granted"));
    if (!granted.empty()) table.note({granted, Tone::plain});
    for (const auto& [name, tone] :
         {std::pair{"forgot", Tone::warn}, std::pair{"expired", Tone::plain}}) {
      const json& told = part_of(link, name);
      const std::string advice = text_of(told, "advice");
      if (!advice.empty() && !told.value("acknowledged", false)) table.note({advice, tone});
    }
    const std::string retained = text_of(part_of(link, "retained"), "why");
    if (!retained.empty()) table.note({"retained values: " + retained, Tone::warn});
  }
  return table.text(view.colour, view.page);
}

// The same lane in the earlier answer.
const json& lane_before(const json& before, const json& lane) {
  static const json nothing;
  for (const auto& other : part_of(before, "lanes")) {
    if (text_of(other, "name") == text_of(lane, "name") &&
        text_of(other, "direction") == text_of(lane, "direction")) {
      return other;
    }
  }
  return nothing;
}

std::string lanes(const json& status, const StatusView& view) {
  const bool rates = view.elapsed_s > 0;
  std::vector<Table::Column> columns = {{"LANE", Align::left, true}, {"DIRECTION"},
                                        {"WAITING", Align::right},   {"SIZE", Align::right},
                                        {"OLDEST", Align::right},    {"IN FLIGHT", Align::right}};
  if (rates) columns.push_back({"FORWARDED", Align::right});
  Table table(columns);
  for (const auto& lane : part_of(status, "lanes")) {
    const std::uint64_t backlog = count_of(lane, "backlog");
    std::vector<Cell> cells = {text_of(lane, "name"),
                               text_of(lane, "direction"),
                               {count_text(backlog), backlog > 0 ? Tone::strong : Tone::plain},
                               backlog > 0 ? bytes_text(count_of(lane, "backlog_bytes")) : "-",
                               backlog > 0 ? span_text(number_of(lane, "oldest_age_s")) : "-",
                               count_text(count_of(lane, "in_flight"))};
    if (rates) {
      cells.emplace_back(growth(lane, lane_before(view.before, lane), "cursor", view.elapsed_s));
    }
    table.row(std::move(cells));
    const std::string why = text_of(lane, "waits");
    if (!why.empty()) table.note({"waits: " + why, Tone::warn});
    if (const json& pause = part_of(lane, "paused"); why.empty() && !pause.empty()) {
      table.note({"paused by " + text_of(pause, "by") + " at " + text_of(pause, "since") +
                      until_text(pause),
                  Tone::warn});
    }
  }
  return table.empty() ? "" : '\n' + table.text(view.colour, view.page);
}

// Those that do not get what they are for.
std::string idle_routes(const json& status, const StatusView& view) {
  Table table({{"ROUTE", Align::left, true},
               {"DIRECTION"},
               {"SUBSCRIPTION"},
               {"FILTER", Align::left, true}});
  for (const auto& route : part_of(status, "routes")) {
    const std::string state = text_of(route, "state");
    const std::string why = text_of(route, "why");
    const bool well = state == "subscribed" || state == "asking" || state == "offline";
    if (well && why.empty()) continue;
    table.row({text_of(route, "name"),
               text_of(route, "direction"),
               {state, well ? Tone::warn : Tone::bad},
               text_of(route, "filter")});
    if (!why.empty()) table.note({why, Tone::warn});
  }
  return table.empty() ? "" : '\n' + table.text(view.colour, view.page);
}

std::string policies(const json& status, const StatusView& view) {
  Table table({{"POLICY", Align::left, true},
               {"PLUGIN", Align::left, true},
               {"WAITING UP", Align::right},
               {"WAITING DOWN", Align::right},
               {"DECIDED", Align::right},
               {"QUARANTINED", Align::right},
               {"CASES", Align::right}});
  for (const auto& policy : part_of(status, "policies")) {
    const json &up = part_of(policy, "up"), &down = part_of(policy, "down");
    const std::uint64_t quarantined = count_of(up, "quarantined") + count_of(down, "quarantined");
    const std::uint64_t cases = count_of(policy, "cases");
    table.row({text_of(policy, "name"),
               text_of(policy, "plugin"),
               count_text(count_of(up, "backlog")),
               count_text(count_of(down, "backlog")),
               count_text(count_of(up, "decided") + count_of(down, "decided")),
               {count_text(quarantined), quarantined > 0 ? Tone::warn : Tone::plain},
               {count_text(cases), cases > 0 ? Tone::warn : Tone::plain}});
    const std::string waits_for = text_of(policy, "waits_for");
    if (!waits_for.empty()) table.note({"waits " + waits_for, Tone::warn});
  }
  return table.empty() ? "" : '\n' + table.text(view.colour, view.page);
}

struct Counter {
  const char* name;
  const char* heading;
  bool alarming;  // unless it is zero
};

std::string counters(const json& status, const StatusView& view, const char* title,
                     const std::vector<Counter>& shown) {
  std::vector<Table::Column> columns = {{title, Align::left}};
  for (const auto& counter : shown) columns.push_back({counter.heading, Align::right});
  const bool rates = view.elapsed_s > 0;
  if (rates) columns.push_back({"RATE", Align::right});
  Table table(columns);
  for (const char* direction : {"up", "down"}) {
    const json& now = part_of(part_of(status, "counters"), direction);
    const json& before = part_of(part_of(view.before, "counters"), direction);
    std::vector<Cell> cells = {direction};
    for (const auto& counter : shown) {
      const std::uint64_t count = count_of(now, counter.name);
      cells.emplace_back(count_text(count),
                         counter.alarming && count > 0 ? Tone::warn : Tone::plain);
    }
    if (rates) cells.emplace_back(growth(now, before, shown[0].name, view.elapsed_s));
    table.row(std::move(cells));
  }
  return '\n' + table.text(view.colour, view.page);
}

// What came back, and what bore another message's stamp: neither is in a column of its own.
std::string stamps(const json& status, bool colour) {
  std::uint64_t looped = 0, copied = 0;
  for (const char* direction : {"up", "down"}) {
    const json& counters = part_of(part_of(status, "counters"), direction);
    looped += count_of(counters, "looped");
    copied += count_of(counters, "copied_stamps");
  }
  std::string text;
  if (looped > 0) {
    text += "loops    " + painted(count_text(looped) + " came back", Tone::warn, colour) +
            " and were dropped as repeats; 'bascule journal repeats' says from where\n";
  }
  if (copied > 0) {
    text += "stamps   " + count_text(copied) +
            " copied ones were taken off; 'bascule journal repeats' says from where\n";
  }
  return text;
}

// What is noted of retained values, which is kept until they are cleared.
std::string retained(const json& sizes, bool colour) {
  std::uint64_t values = 0, bytes = 0, unnoted = 0;
  for (const char* direction : {"up", "down"}) {
    const json& size = part_of(sizes, direction);
    values += count_of(size, "values");
    bytes += count_of(size, "bytes");
    unnoted += count_of(size, "unnoted");
  }
  if (values == 0 && unnoted == 0) return "";
  std::string text =
      "retained " + counted(values, "value") + " noted, about " + bytes_text(bytes) + '\n';
  if (unnoted > 0) {
    text += "         " + painted(count_text(unnoted) + " more could not be", Tone::warn, colour) +
            ": they cross again at each reconnect; raise journal.max_size\n";
  }
  return text;
}

std::string writes(const json& flash) {
  const double message = number_of(flash, "bytes_per_message");
  const double day = number_of(flash, "bytes_per_day");
  if (message <= 0) return "";
  const auto bytes = [](double count) { return bytes_text(static_cast<std::uint64_t>(count)); };
  return "writes   " + bytes(message) + " a message" +
         (day > 0 ? ", " + bytes(day) + " a day at this rate" : "") + '\n';
}

constexpr double years_told = 20;  // as the daemon has it: that or more

// Nothing where the daemon does not tell.
std::string flash(const json& flash) {
  if (flash.empty()) return "";
  const std::string why = text_of(flash, "why");
  const double years = number_of(flash, "years_left");
  if (years <= 0) return "flash    years left unknown: " + why + '\n';
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", years < 10 ? 1 : 0, years);
  const bool many = years >= years_told;
  return "flash    " + std::string(many ? "more than " : "at most ") + text +
         " years left by what bascule writes; others write, too, and the medium more than it is "
         "told" +
         (why.empty() ? "" : "; " + why) + '\n';
}

std::string foot(const json& status, bool colour) {
  const json& journal = part_of(status, "journal");
  const std::uint64_t lost = count_of(part_of(status, "losses"), "messages");
  const std::uint64_t cases = count_of(part_of(status, "cases"), "open");
  std::string text = "\njournal  " + bytes_text(count_of(journal, "bytes")) + ", sync " +
                     painted(text_of(journal, "sync"), Tone::plain, colour) + ", " +
                     bytes_text(count_of(journal, "free_bytes")) + " free on its file system\n";
  text += writes(part_of(journal, "flash"));
  text += flash(part_of(journal, "flash"));
  text += "losses   " +
          (lost == 0 ? "none"
                     : painted(counted(lost, "message"), Tone::bad, colour) +
                           "; 'bascule journal losses' says which and why") +
          '\n';
  if (const std::uint64_t unsent = count_of(part_of(status, "losses"), "not_resent"); unsent > 0) {
    text += "resend   " +
            painted(count_text(unsent) + " that a broker may have lost were not sent again",
                    Tone::warn, colour) +
            "; 'bascule journal losses' says which, 'bascule journal replay' sends them\n";
  }
  text += retained(part_of(journal, "retained"), colour);
  text += stamps(status, colour);
  if (cases > 0) {
    text += "cases    " + painted(count_text(cases) + " waiting for a person", Tone::warn, colour) +
            '\n';
  }
  return text;
}

}  // namespace

std::string render_status(const json& status, const StatusView& view) {
  std::vector<Counter> in = {{"received", "RECEIVED", false},
                             {"journaled", "JOURNALED", false},
                             {"unrouted", "UNROUTED", false},
                             {"repeats", "REPEATS", false},
                             {"refused", "REFUSED", true}};
  if (!part_of(status, "policies").empty()) {
    in.insert(in.begin() + 1, {"emitted", "EMITTED", false});
  }
  const std::string page = verdict_text(verdict(status, view.now_ms), view.colour, view.page) +
                           '\n' + head(status, view.colour) + '\n' + refused(status, view) +
                           links(status, view) + idle_routes(status, view) + lanes(status, view) +
                           policies(status, view) + counters(status, view, "IN", in) +
                           counters(status, view, "OUT",
                                    {{"forwarded", "FORWARDED", false},
                                     {"unconfirmed", "UNCONFIRMED", false},
                                     {"pending", "PENDING", false},
                                     {"expired", "EXPIRED", true},
                                     {"evicted", "EVICTED", true},
                                     {"quarantined", "QUARANTINED", true}}) +
                           foot(status, view.colour);
  return folded(page, view.page);
}

}  // namespace bascule
