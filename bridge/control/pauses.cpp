#include "control/pauses.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "clock.hpp"
#include "log.hpp"
#include "text/time.hpp"
#include "text/units.hpp"
#include "text/words.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds outcomes_within{
    6'000};  // of a link: its own deadline, and more
constexpr std::chrono::milliseconds look_every{20};
constexpr std::chrono::hours time_max{24 * 366};

std::string name_of(const Pause& pause) {
  if (!pause.link.empty()) return "link " + pause.link;
  return "lane " + pause.lane + " " + std::string(to_string(pause.direction));
}

Crossing& crossing_of(const Stages& stages, const std::string& link) {
  if (link == "site") return stages.site;
  if (link != "central") {
    throw std::invalid_argument("there is no link '" + link + "': say site or central");
  }
  if (stages.central == nullptr) {
    throw std::invalid_argument("this bridge has no central broker; its one link is site");
  }
  return *stages.central;
}

// Where a lane goes out; null: nowhere, at a hub.
Crossing* way_out(Direction direction, Crossing& site, Crossing* central) {
  return direction == Direction::up ? central : &site;
}

// The directions in which the file has the lane, or something has ever been in it.
std::set<Direction> directions_of(const Stages& stages, const std::string& lane) {
  std::set<Direction> directions;
  for (const Route& route : stages.config.routes) {
    if (route.policy.empty() && route.lane == lane) directions.insert(route.direction);
  }
  for (const LaneReport& report : stages.journal.report().lanes) {
    if (report.state.name == lane && report.state.next > 1) {
      directions.insert(report.state.direction);
    }
  }
  return directions;
}

std::optional<Direction> direction_asked(const Query& query) {
  const auto word = query.text("direction");
  if (!word) return std::nullopt;
  const auto direction = value_of(direction_words, *word);
  if (!direction) {
    throw std::invalid_argument("direction must be up or down, not '" + *word + "'");
  }
  return direction;
}

Pause place_asked(const Stages& stages, const Query& query) {
  Pause pause;
  pause.since_ms = now().wall_ms;
  pause.by = query.text("by").value_or("");
  if (const auto link = query.text("link")) {
    pause.link = *link;
    crossing_of(stages, pause.link);
    return pause;
  }
  pause.lane = query.required("lane");
  const auto asked = direction_asked(query);
  const auto directions = directions_of(stages, pause.lane);
  if (!asked && directions.size() > 1) {
    throw std::invalid_argument("lane '" + pause.lane +
                                "' goes both ways: say '--direction up' or '--direction down'");
  }
  pause.direction = asked ? *asked : directions.empty() ? Direction::up : *directions.begin();
  const LaneId id = stages.journal.lane(pause.direction, pause.lane);
  if (id == 0) {
    throw std::invalid_argument("there is no lane '" + pause.lane +
                                "'; 'bascule journal list' names them");
  }
  if (pause.lane.starts_with(input_lane_prefix)) {
    throw std::invalid_argument("'" + pause.lane +
                                "' is what a policy takes from, and is not paused: pause the lane "
                                "that it puts into");
  }
  if (way_out(pause.direction, stages.site, stages.central) == nullptr) {
    throw std::invalid_argument("nothing goes up from here: this bridge has no central broker");
  }
  return pause;
}

std::int64_t time_asked(const Query& query) {
  const auto text = query.text("for");
  if (!text) return 0;
  const std::chrono::milliseconds time = parse_duration(*text);
  if (time < std::chrono::seconds(1) || time > time_max) {
    throw std::invalid_argument("a pause can be for 1s to 366d, not " + *text);
  }
  return time.count();
}

// It is counted from now on.
void set_time(Pause& pause, std::int64_t for_ms, const JournalCore& core) {
  pause.for_ms = pause.left_ms = for_ms;
  pause.boot = core.timeline().current();
  pause.boottime_ms = boottime_ms();
}

// In a boot of which the clocks do not tell it is counted from the boot on.
std::int64_t left_ms(const Pause& pause, const JournalCore& core) {
  const std::int64_t age_ms = core.timeline().age_ms(pause.boot, pause.boottime_ms, now());
  return std::max<std::int64_t>(0, pause.for_ms - age_ms);
}

std::uint64_t in_flight(const Crossing& crossing, const std::string& lane) {
  const auto lanes = crossing.lanes();
  const auto found = lanes.find(lane);
  return found == lanes.end() ? 0 : found->second.in_flight;
}

// How many messages had no outcome when it was no longer waited for.
std::uint64_t wait_for_outcomes(const Stages& stages, const Pause& pause) {
  const bool link = !pause.link.empty();
  const Crossing& crossing = link ? crossing_of(stages, pause.link)
                                  : *way_out(pause.direction, stages.site, stages.central);
  std::uint64_t left = 0;
  for (auto waited = look_every; waited < outcomes_within; waited += look_every) {
    std::this_thread::sleep_for(look_every);
    const auto parted = crossing.parted();
    if (link && parted) return *parted;
    left = link ? 0 : in_flight(crossing, pause.lane);
    if (!link && left == 0) return 0;
  }
  return left;
}

void tell_paused(const Pause& pause, std::uint64_t left) {
  LogFields fields{{"event", "paused"}, {"by", pause.by}};
  fields.add("in_flight", left);
  spdlog::warn("{}: paused by {}{}{}; 'bascule resume' lets it go on", name_of(pause),
               pause.by.empty() ? "a command" : pause.by,
               pause.for_ms == 0 ? "" : " until " + utc_text(now().wall_ms + pause.left_ms),
               left == 0 ? "" : ", with " + std::to_string(left) + " messages unacknowledged");
}

void let_go(const Stages& stages, const Pause& pause) {
  if (!pause.link.empty()) return crossing_of(stages, pause.link).resume();
  const LaneId id = stages.journal.lane(pause.direction, pause.lane);
  Crossing* const crossing = way_out(pause.direction, stages.site, stages.central);
  if (id != 0 && crossing != nullptr) crossing->pause_lane(id, false);
}

bool asked_for(const Pause& pause, const Query& query) {
  if (query.text("all")) return true;
  if (const auto link = query.text("link")) return pause.link == *link;
  const auto direction = direction_asked(query);
  return !pause.lane.empty() && pause.lane == query.required("lane") &&
         (!direction || pause.direction == *direction);
}

// Those that are meant go on; `who` is for the log.
std::vector<Pause> end_pauses(const Stages& stages,
                              const std::function<bool(const Pause&, const JournalCore&)>& meant,
                              const std::string& by, const std::string& who) {
  std::vector<Pause> ended;
  stages.journal.change([&](JournalCore& core) {
    for (const Pause& there : core.store().meta().pauses()) {
      if (!meant(there, core)) continue;
      core.change().meta().end_pause(there);
      ended.push_back(there);
    }
  });
  for (const Pause& pause : ended) {
    let_go(stages, pause);
    stages.events.resumed(pause, by);
    LogFields fields{{"event", "resumed"}, {"by", by}};
    const double paused_s = static_cast<double>(now().wall_ms - pause.since_ms) / 1'000;
    spdlog::info("{}: resumed by {} after {}", name_of(pause), who,
                 span_text(std::max(0.0, paused_s)));
  }
  return ended;
}

}  // namespace

json pause_report(const Pause& pause) {
  json report{{"since", utc_text(pause.since_ms)}, {"by", pause.by}, {"until", json()}};
  if (pause.for_ms > 0) report["until"] = utc_text(now().wall_ms + pause.left_ms);
  if (!pause.link.empty()) {
    report["link"] = pause.link;
  } else {
    report["lane"] = pause.lane;
    report["direction"] = to_string(pause.direction);
  }
  return report;
}

json PauseDesk::pause(const Query& query) {
  const std::lock_guard lock(mutex_);
  Pause pause = place_asked(stages_, query);
  const bool link = !pause.link.empty();
  if (link && crossing_of(stages_, pause.link).represented()) {
    throw std::invalid_argument(
        "the session of a former client id is being fetched at this broker; pause the link once "
        "that is done, as the log says");
  }
  const std::int64_t for_ms = time_asked(query);
  bool known = false;
  stages_.journal.change([&](JournalCore& core) {
    for (const Pause& there : core.store().meta().pauses()) {
      if (!there.same_place(pause)) continue;
      known = true;
      pause = there;
      pause.left_ms = left_ms(pause, core);
    }
    if (for_ms > 0) set_time(pause, for_ms, core);
    if (!known || for_ms > 0) core.change().meta().save_pause(pause);
  });
  if (!known) stages_.events.paused(pause);
  if (link && !known) {
    crossing_of(stages_, pause.link).pause();
  } else if (!link) {
    way_out(pause.direction, stages_.site, stages_.central)
        ->pause_lane(stages_.journal.lane(pause.direction, pause.lane), true);
  }
  const std::uint64_t left = wait_for_outcomes(stages_, pause);
  if (!known) tell_paused(pause, left);
  return {{"paused", json::array({pause_report(pause)})}, {"in_flight", left}};
}

json PauseDesk::resume(const Query& query) {
  const std::lock_guard lock(mutex_);
  if (!query.text("all") && !query.text("link")) query.required("lane");
  const auto asked = [&](const Pause& pause, const JournalCore&) {
    return asked_for(pause, query);
  };
  const std::string by = query.text("by").value_or("");
  json list = json::array();
  for (Pause& pause : end_pauses(stages_, asked, by, by.empty() ? "a command" : by)) {
    pause.for_ms = 0;  // it is over
    list.push_back(pause_report(pause));
  }
  return {{"resumed", std::move(list)}};
}

void PauseDesk::resume_due() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;
  const auto due = [](const Pause& pause, const JournalCore& core) {
    return pause.for_ms > 0 && left_ms(pause, core) == 0;
  };
  bool any = false;
  stages_.journal.inspect([&](JournalCore& core) {
    for (const Pause& pause : core.store().meta().pauses()) any = any || due(pause, core);
  });
  if (any) end_pauses(stages_, due, "bascule", "bascule, since the time that was set is over,");
}

void pause_lanes(const std::vector<Pause>& pauses, const Journal& journal, Crossing& site,
                 Crossing* central) {
  for (const Pause& pause : pauses) {
    spdlog::warn("{}: it is paused, as {} said at {}; 'bascule resume' lets it go on",
                 name_of(pause), pause.by.empty() ? "a command" : pause.by,
                 utc_text(pause.since_ms));
    if (pause.lane.empty()) continue;
    const LaneId id = journal.lane(pause.direction, pause.lane);
    Crossing* const crossing = way_out(pause.direction, site, central);
    if (id != 0 && crossing != nullptr) crossing->pause_lane(id, true);
  }
}

}  // namespace bascule
