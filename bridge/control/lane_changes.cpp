#include "control/lane_changes.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base64.hpp"
#include "changes.hpp"
#include "control/query/message_queries.hpp"
#include "text/number.hpp"

namespace bascule {
namespace {

using nlohmann::json;

// A message that is on its way has its outcome soon, or the link is about to go down.
constexpr int outcomes_waited_for = 100;
constexpr std::chrono::milliseconds outcome_every{50};
constexpr std::size_t portion_bytes = 1 << 20;

struct Place {
  LaneId id = 0;
  Direction direction = Direction::up;
  std::string name;
  Crossing* crossing = nullptr;  // where it goes out
};

Place place_of(const Stages& stages, const Query& query) {
  Place place{0, query.direction(), query.text("lane").value_or("default"), nullptr};
  stages.journal.inspect([&](JournalCore& core) { place.id = asked_lane(core, query).id; });
  place.crossing = place.direction == Direction::up ? stages.central : &stages.site;
  if (place.crossing == nullptr) {
    throw std::invalid_argument("nothing goes up from here: this bridge has no central broker");
  }
  return place;
}

// "5-6,9-9"
std::vector<SequenceRange> ranges_of(std::string_view text) {
  std::vector<SequenceRange> ranges;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const std::size_t dash = std::min(one.find('-'), one.size());
    const auto first = parse_number<std::uint64_t>(one.substr(0, dash));
    const auto last = parse_number<std::uint64_t>(one.substr(std::min(dash + 1, one.size())));
    if (!first || !last || *first > *last) {
      throw std::invalid_argument("'" + std::string(one) + "' is no range of sequences");
    }
    ranges.push_back({*first, *last});
  }
  return ranges;
}

// What is asked for; nothing: what the ledger has.
std::vector<SequenceRange> asked_for(const Query& query) {
  if (const auto ranges = query.text("ranges")) return ranges_of(*ranges);
  if (!query.text("from") && !query.text("to")) return {};
  const SequenceRange range{query.number("from", 1),
                            query.number("to", std::numeric_limits<std::uint64_t>::max() - 1)};
  if (range.first > range.last) throw std::invalid_argument("'to' is less than 'from'");
  return {range};
}

}  // namespace

json replay_lane(const Stages& stages, const Query& query) {
  const Place place = place_of(stages, query);
  const std::vector<SequenceRange> ranges = asked_for(query);
  ReplayAnswer answer;
  stages.journal.change([&](JournalCore& core) {
    if (ranges.empty()) answer = core.replay(place.id, std::nullopt);
    for (const SequenceRange& range : ranges) {
      const ReplayAnswer part = core.replay(place.id, range);
      if (part.messages > 0 && answer.messages == 0) answer.first = part.first;
      if (part.messages > 0) answer.last = part.last;
      answer.messages += part.messages;
      answer.gone += part.gone;
    }
  });
  if (answer.messages > 0) {
    spdlog::info("lane {} {}: {} messages are sent again, {} to {}, as a command said", place.name,
                 to_string(place.direction), answer.messages, answer.first, answer.last);
    place.crossing->begin_anew();
  }
  return {{"messages", answer.messages},
          {"first", answer.first},
          {"last", answer.last},
          {"gone", answer.gone}};
}

// All that waits in a lane that nobody takes from, a portion at a time.
json set_aside_orphans(const Stages& stages, const Query& query) {
  const std::string policy = query.text("policy").value_or("");
  const ChangedFile file = changed_file(stages.config);
  std::uint64_t done = 0, left = 0;
  std::size_t lanes = 0;
  for (const Orphan& orphan : orphans(stages.journal.report(), file)) {
    const bool asked = policy.empty() ? orphan.lane == query.text("lane").value_or("default")
                                      : orphan.policy == policy;
    if (!asked) continue;
    ++lanes;
    const LaneId id = stages.journal.lane(orphan.direction, orphan.lane);
    const std::string reason = orphan.policy.empty()
                                   ? "there is no central broker in the file"
                                   : "the policy " + policy + " is not in the file any more";
    for (std::uint64_t count = 1; count > 0; done += count) {
      stages.journal.change([&](JournalCore& core) {
        count = core.set_aside(id, reason, portion_bytes);
        left = core.lanes().at(id - 1U).backlog();
      });
    }
  }
  if (lanes == 0) {
    throw std::invalid_argument(
        policy.empty() ? "'all' is for a lane that nobody takes from; of another, what "
                         "waits goes by itself"
                       : "nothing waits for a policy '" + policy + "' that the file does not name");
  }
  return {{"done", done}, {"left", left}};
}

json set_aside(const Stages& stages, const Query& query) {
  if (query.text("policy") || query.text("all")) return set_aside_orphans(stages, query);
  const Place place = place_of(stages, query);
  SetAside aside;
  for (int asked = 0; asked < outcomes_waited_for; ++asked) {
    aside = place.crossing->set_aside(place.id);
    if (aside.what != SetAside::What::under_way) break;
    std::this_thread::sleep_for(outcome_every);
  }
  if (aside.what != SetAside::What::done) {
    throw std::invalid_argument("lane '" + place.name + "' " +
                                std::string(to_string(place.direction)) +
                                " waits for no message that the broker refuses for now");
  }
  std::int64_t number = 0;
  stages.journal.inspect([&](JournalCore& core) {
    for (const QuarantineEntry& entry : core.store().quarantine().newest(100)) {
      if (entry.lane != place.id || entry.sequence != aside.sequence) continue;
      number = entry.number;
      break;
    }
  });
  return {{"topic", aside.topic}, {"topic_base64", to_base64(aside.topic)}, {"number", number}};
}

}  // namespace bascule
