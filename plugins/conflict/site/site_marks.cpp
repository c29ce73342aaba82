#include "conflict/site/site_marks.hpp"

#include <algorithm>

#include "conflict/record/marks.hpp"
#include "conflict/site/leaving.hpp"
#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

// How often a site that does not edit says what has come to it.
constexpr std::int64_t mark_every_ms = 3'600'000;
// Of so many their marks are kept.
constexpr std::size_t hubs_max = 16;

}  // namespace

std::string marks_at(const Visit& visit, const Moment& at) {
  std::string text;
  for (const auto& [hub, marks] : visit.state.marks()) {
    const auto number = marks.at(at);
    if (number > 0) text += (text.empty() ? "" : " ") + mark_text(hub, number);
  }
  return text.empty() ? "0" : text;
}

void plan_marks(Visit& visit) {
  if (visit.options.topics.mark.empty()) return;
  const auto at = visit.input.wall_ms() + mark_every_ms;
  const auto planned = visit.state.mark_wake_ms();
  // A wake that is later than it would be was asked for by a clock that ran ahead.
  if (planned != 0 && planned <= at) return;
  visit.step.wake_at("mark", at);
  visit.state.put_mark_wake(at);
}

std::string take_mark(Visit& visit) {
  const auto mark = parse_mark(visit.input.property("mark").value_or(""));
  if (!mark) return {};
  const std::string hub(mark->hub);
  auto all = visit.state.marks();
  if (!all.contains(hub) && all.size() >= hubs_max) {
    all.erase(std::min_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return a.second.arrivals.back().at < b.second.arrivals.back().at;
    }));
  }
  all[hub].add(mark->number, moment_of(visit.input));
  visit.state.put(all);
  plan_marks(visit);
  return hub;
}

// Sends the marks that had come an hour ago: edits from before that have left by now.
void send_marks(Visit& visit) {
  auto all = visit.state.marks();
  bool more = false;
  const bool ready = visit.clock.ready();
  for (auto& [hub, marks] : all) {
    if (ready && marks.next != marks.sent) {
      plugin::Output output;
      output.direction = plugin::Direction::up;
      output.lane = visit.options.lane;
      output.topic = visit.options.topics.mark.fill({{"origin", visit.options.bridge_id}});
      output.payload = Json{{"mark", mark_text(hub, marks.next)}}.dump();
      visit.step.emit(output);
      marks.sent = marks.next;
    }
    if (ready) marks.next = marks.last();
    more = more || marks.to_send();
  }
  visit.state.put_mark_wake(0);
  visit.state.put(all);
  if (more) plan_marks(visit);
}

void report(Visit& visit) {
  const auto time = visit.clock.correct(visit.input.wall_ms());
  const auto stamp = stamp_after(visit, visit.state.clock(), time.ms);
  visit.state.put_sent(stamp);
  visit.state.put_asked(false);
  plugin::Output output;
  output.direction = plugin::Direction::up;
  output.lane = visit.options.lane;
  output.topic = visit.options.topics.mark.fill({{"origin", visit.options.bridge_id}});
  output.payload = Json{{"hlc", text(stamp)}, {"mark", "0"}}.dump();
  visit.step.emit(output);
}

void take_ask(Visit& visit) {
  if (visit.clock.ready()) return report(visit);
  visit.state.put_asked(true);
}

bool is_ask(const Options& options, std::string_view topic) {
  return !options.topics.mark.empty() &&
         topic == options.topics.mark.fill({{"origin", options.bridge_id}}) + "/ask";
}

}  // namespace bascule::conflict
