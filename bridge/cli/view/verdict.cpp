#include "cli/view/verdict.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include "cli/view/table.hpp"
#include "cli/view/units.hpp"
#include "text/fields.hpp"
#include "text/time.hpp"
#include "text/units.hpp"
#include "text/words.hpp"

namespace bascule {

namespace {

using nlohmann::json;

constexpr double rate_needs_s = 60;         // what came within less says nothing about a rate
constexpr double soon_full_s = 24 * 3'600;  // so much room is left: somebody has to act today
constexpr double worth_telling_s = 30 * 86'400;
constexpr double lately_s = 24 * 3'600;  // nobody can undo what happened; a day later it is known

constexpr Word<Health> health_words[] = {
    {"ok", Health::ok}, {"degraded", Health::degraded}, {"failing", Health::failing}};

// Collects reasons; the worst decides.
class Findings {
 public:
  void add(Health health, std::string why) {
    found_.health = std::max(found_.health, health);
    found_.because.push_back(std::move(why));
  }
  Verdict take() { return std::move(found_); }

 private:
  Verdict found_;
};

void journal(const json& status, Findings& findings) {
  const json& journal = part_of(status, "journal");
  if (const std::string trouble = text_of(journal, "trouble"); !trouble.empty()) {
    findings.add(Health::failing, "journal: " + trouble + "; nothing is taken in meanwhile");
  }
  const auto full = journal.find("full");
  if (full != journal.end() && full->is_boolean() && full->get<bool>()) {
    findings.add(Health::failing,
                 "the journal is full (" + bytes_text(count_of(journal, "bytes")) + ", " +
                     bytes_text(count_of(journal, "free_bytes")) +
                     " free on its file system); it goes on as soon as there is room");
  }
}

// Seconds since then; nothing: never.
std::optional<double> since_s(const json& of, const char* name, std::int64_t now_ms) {
  const auto at_ms = parse_time(text_of(of, name));
  if (!at_ms) return std::nullopt;
  return static_cast<double>(now_ms - *at_ms) / 1'000;
}

// It happened lately, and nobody has acknowledged it.
bool is_news(const json& of, std::int64_t now_ms) {
  const auto ago_s = since_s(of, "last", now_ms);
  return ago_s && *ago_s < lately_s && !of.value("acknowledged", false);
}

// A medium that forgets once does it again.
void damage(const json& status, std::int64_t now_ms, Findings& findings) {
  const json& damage = part_of(part_of(status, "journal"), "log_damage");
  if (is_news(damage, now_ms)) {
    findings.add(Health::degraded, "journal: " + text_of(damage, "advice"));
  }
}

void salvaged_or_moved(const json& status, std::int64_t now_ms, Findings& findings) {
  for (const char* what : {"salvaged", "moved"}) {
    const json& incident = part_of(part_of(status, "journal"), what);
    if (!is_news(incident, now_ms)) continue;
    findings.add(Health::degraded, "journal: " + text_of(incident, "advice"));
  }
}

// It has to be replaced before.
void flash(const json& status, Findings& findings) {
  const double years = number_of(part_of(part_of(status, "journal"), "flash"), "years_left");
  if (years <= 0 || years >= 1) return;
  findings.add(Health::degraded, "the flash lasts at most " +
                                     counted(static_cast<std::uint64_t>(years * 365.25), "day") +
                                     " at the rate that bascule writes");
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

// By a person, who knows it; empty: it is not.
std::string pause_text(const json& place, std::int64_t now_ms) {
  const json& pause = part_of(place, "paused");
  if (pause.empty()) return "";
  std::string text = "paused";
  if (const std::string by = text_of(pause, "by"); !by.empty()) text += " by " + by;
  if (const auto since_ms = parse_time(text_of(pause, "since"))) {
    text += ", " +
            span_text(static_cast<double>(std::max<std::int64_t>(0, now_ms - *since_ms)) / 1'000) +
            " ago";
  }
  if (const auto until_ms = parse_time(text_of(pause, "until"))) {
    text += ", for another " +
            span_text(static_cast<double>(std::max<std::int64_t>(0, *until_ms - now_ms)) / 1'000);
  }
  return text;
}

// A link is paused where what it brings finds no room, or must not cross at all: until then nothing
// that it brings is taken in.
bool any_paused(const json& status) {
  return std::ranges::any_of(part_of(status, "links"), [](const json& link) {
    return text_of(link, "state") == "paused" && part_of(link, "paused").empty();
  });
}

std::vector<std::string> links_down(const json& status, std::int64_t now_ms) {
  std::vector<std::string> down;
  const json& links = part_of(status, "links");
  for (const char* name : {"site", "central"}) {
    const json& link = part_of(links, name);
    const std::string state = text_of(link, "state");
    if (state == "up" || state.empty()) continue;  // a hub has one
    if (const std::string paused = pause_text(link, now_ms); !paused.empty()) {
      down.push_back(std::string(name) + ": " + paused + " ('bascule resume " + name + "')");
      continue;
    }
    std::string text = std::string(name) + ": " + state;
    if (const auto since_ms = parse_time(text_of(link, "since"))) {
      text += " for " + span_text(static_cast<double>(now_ms - *since_ms) / 1'000);
    }
    std::string error = text_of(link, "last_error");
    if (error.starts_with(state + ": ")) error.erase(0, state.size() + 2);
    down.push_back(text + (error.empty() ? "" : " (" + error + ")"));
  }
  return down;
}

// How long what is free suffices if as much comes as did while the oldest message waited; and what
// is full then.
struct RoomLeft {
  double s = 0;
  const char* what = "the journal";
};
std::optional<RoomLeft> room_left(const json& journal, std::uint64_t waiting_bytes,
                                  double oldest_s) {
  const std::uint64_t max = count_of(journal, "max_bytes"), used = count_of(journal, "bytes");
  const std::uint64_t free = count_of(journal, "free_bytes");
  const std::uint64_t min_free = count_of(journal, "min_free_bytes");
  if (max == 0 || waiting_bytes == 0 || oldest_s < rate_needs_s) return std::nullopt;
  const std::uint64_t of_journal = max - std::min(max, used);
  const std::uint64_t of_disk = free - std::min(free, min_free);
  const std::uint64_t grows = std::min(of_journal, of_disk);
  const std::uint64_t given_back = used - std::min(used, waiting_bytes);  // the history
  return RoomLeft{
      static_cast<double>(grows + given_back) * oldest_s / static_cast<double>(waiting_bytes),
      of_disk < of_journal ? "the disk" : "the journal"};
}

// How long what waits takes once nothing is in its way, as fast as such lanes were lately; nothing:
// that is not known. Lanes of one direction share a line.
std::optional<double> drained_s(const json& status) {
  double longest_s = 0;
  for (const char* direction : {"up", "down"}) {
    double per_s = 0, s = 0;
    const auto each = [&](const auto& work) {
      for (const json& lane : part_of(status, "lanes")) {
        if (text_of(lane, "direction") == direction) work(lane);
      }
    };
    each([&](const json& lane) { per_s = std::max(per_s, number_of(lane, "drained_per_s")); });
    bool known = true;
    each([&](const json& lane) {
      const double waiting = number_of(lane, "backlog") - number_of(lane, "held");
      const double own_per_s = number_of(lane, "drained_per_s");
      if (waiting <= 0) return;
      known = known && per_s > 0;
      s += waiting / std::max(own_per_s > 0 ? own_per_s : per_s, 0.001);
    });
    if (!known) return std::nullopt;
    longest_s = std::max(longest_s, s);
  }
  return longest_s;
}

void outage(const json& status, std::int64_t now_ms, Findings& findings) {
  std::vector<std::string> told = links_down(status, now_ms);
  const bool down = !told.empty();
  std::uint64_t waiting = 0, bytes = 0;
  double oldest_s = 0;
  for (const json& lane : part_of(status, "lanes")) {
    waiting += count_of(lane, "backlog");
    bytes += count_of(lane, "backlog_bytes");
    if (count_of(lane, "backlog") > 0)
      oldest_s = std::max(oldest_s, number_of(lane, "oldest_age_s"));
  }
  const auto room = room_left(part_of(status, "journal"), bytes, oldest_s);
  const bool soon = room && room->s < soon_full_s;
  if (waiting > 0 && (down || oldest_s >= rate_needs_s)) {
    std::string text = counted(waiting, "message") + (waiting == 1 ? " waits, " : " wait, ") +
                       bytes_text(bytes) + ", the oldest for " + span_text(oldest_s);
    told.push_back(text);
    if (room && room->s < worth_telling_s) {
      told.push_back(std::string("at this rate ") + room->what + " is full in " +
                     span_text(room->s));
    }
    if (const auto drained = drained_s(status)) {
      const std::string span = span_text(std::max(1.0, *drained));
      told.push_back(down ? "drained about " + span + " after it is back"
                          : "drained in about " + span);
    }
  }
  // Waiting alone is no fault: a lane may have hours, or a rate.
  if (told.empty()) return;
  const bool failing = soon || any_paused(status);
  findings.add(failing ? Health::failing : down ? Health::degraded : Health::ok, joined(told));
}

void refused(const json& status, std::int64_t now_ms, Findings& findings) {
  for (const json& lane : part_of(status, "lanes")) {
    if (const std::string paused = pause_text(lane, now_ms); !paused.empty()) {
      const std::string name = text_of(lane, "name");
      findings.add(Health::degraded, "lane " + name + " " + text_of(lane, "direction") + " is " +
                                         paused + " ('bascule resume --lane " + name + "')");
    }
    if (const json& behind = part_of(lane, "behind"); !behind.empty()) {
      findings.add(Health::ok, "lane " + text_of(lane, "name") + " " + text_of(lane, "direction") +
                                   " waits: a route was moved to it, and " +
                                   counted(count_of(behind, "messages"), "message") + " of lane " +
                                   text_of(behind, "lane") + " go first");
    }
    const std::string why = text_of(lane, "waits_for");
    if (why.empty()) continue;
    findings.add(Health::degraded, "lane " + text_of(lane, "name") + " " +
                                       text_of(lane, "direction") +
                                       " waits: the broker refuses for now: " + why);
  }
  const json& held = part_of(status, "held");
  if (const std::uint64_t count = count_of(held, "messages"); count > 0) {
    const std::uint64_t topics = count_of(held, "topics");
    findings.add(Health::degraded, counted(count, "message") + " held: the broker refuses " +
                                       counted(topics, "topic"));
  }
  if (const std::uint64_t count = count_of(part_of(status, "quarantine"), "messages"); count > 0) {
    findings.add(Health::degraded,
                 counted(count, "message") + " in quarantine: 'bascule journal quarantine list'");
  }
  for (const json& orphan : part_of(status, "orphans")) {
    findings.add(Health::degraded, text_of(orphan, "advice") + "; the oldest came " +
                                       span_text(number_of(orphan, "oldest_age_s")) + " ago");
  }
  for (const json& route : part_of(status, "routes")) {
    const std::string state = text_of(route, "state");
    if (state != "refused" && state != "unanswered") continue;
    findings.add(Health::degraded, "route " + text_of(route, "name") + ": its subscription is " +
                                       state + ": " + text_of(route, "filter"));
  }
}

bool has_route(const json& status, std::string_view direction) {
  const json& routes = part_of(status, "routes");
  return std::any_of(routes.begin(), routes.end(),
                     [&](const json& route) { return text_of(route, "direction") == direction; });
}

// What a broker has forgotten lately, or could forget without the bridge knowing it.
void doubts(const json& status, std::int64_t now_ms, Findings& findings) {
  const json& links = part_of(status, "links");
  for (const char* name : {"site", "central"}) {
    const json& link = part_of(links, name);
    if (const json& forgot = part_of(link, "forgot"); is_news(forgot, now_ms)) {
      findings.add(Health::degraded, std::string(name) + ": " + text_of(forgot, "advice") +
                                         " ('bascule acknowledge " + name + "' once it is mended)");
    }
    const char* const from_there = name == std::string_view("central") ? "down" : "up";
    if (const json& expired = part_of(link, "expired");
        is_news(expired, now_ms) && has_route(status, from_there)) {
      findings.add(Health::degraded, std::string(name) + ": " + text_of(expired, "advice") +
                                         " ('bascule acknowledge " + name + "' ends this)");
    }
    if (const std::string warning = text_of(link, "warning"); !warning.empty()) {
      findings.add(Health::degraded, std::string(name) + ": " + warning);
    }
  }
}

// What waits for a person, and what was lost.
void notes(const json& status, std::int64_t now_ms, Findings& findings) {
  if (const std::uint64_t cases = count_of(part_of(status, "cases"), "open"); cases > 0) {
    findings.add(Health::ok, counted(cases, "case") + (cases == 1 ? " waits" : " wait") +
                                 " for a person: 'bascule cases list'");
  }
  const json& losses = part_of(status, "losses");
  if (const std::uint64_t lost = count_of(losses, "messages"); lost > 0) {
    const auto ago_s = since_s(losses, "last", now_ms);
    findings.add(ago_s && *ago_s < lately_s ? Health::degraded : Health::ok,
                 counted(lost, "message") + " lost so far" +
                     (ago_s ? ", the last " + span_text(*ago_s) + " ago" : "") +
                     ": 'bascule journal losses'");
  }
}

Tone tone_of(Health health) {
  return health == Health::ok ? Tone::good : health == Health::degraded ? Tone::warn : Tone::bad;
}

}  // namespace

Verdict verdict(const json& status, std::int64_t now_ms) {
  Findings findings;
  journal(status, findings);
  damage(status, now_ms, findings);
  salvaged_or_moved(status, now_ms, findings);
  flash(status, findings);
  outage(status, now_ms, findings);
  refused(status, now_ms, findings);
  doubts(status, now_ms, findings);
  notes(status, now_ms, findings);
  return findings.take();
}

std::string verdict_text(const Verdict& verdict, bool colour, std::size_t page) {
  std::string word(word_of(health_words, verdict.health));
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::toupper(c); });
  const std::size_t indent = word.size() + 2;
  std::string lines;
  for (const std::string& why : verdict.because) {
    lines += painted_lines(why, Tone::plain, colour, page, indent);
  }
  if (lines.empty()) lines = '\n';
  return painted(word, tone_of(verdict.health), colour) +
         (verdict.because.empty() ? lines : "  " + lines.substr(indent));
}

json verdict_json(const Verdict& verdict) {
  return {{"state", word_of(health_words, verdict.health)}, {"because", verdict.because}};
}

}  // namespace bascule
