#include "control/query/message_queries.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base64.hpp"
#include "control/query/message_answer.hpp"
#include "message/topic.hpp"
#include "text/wording.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::uint64_t messages_per_answer = 1'000;
constexpr std::size_t bytes_per_answer = 8 << 20;
constexpr std::size_t bytes_looked_through = 16 << 20;
constexpr int rows_at_once = 100;

}  // namespace

std::string message_state(JournalCore& core, const LaneState& lane, std::uint64_t sequence) {
  if (!lane.resolved(sequence)) return "pending";
  const LaneSequence place{lane.id, sequence};
  if (const auto reason = core.store().quarantine().reason(place)) {
    return "quarantined: " + *reason;
  }
  if (const auto held = core.store().held().find(place)) {
    for (const HeldTopic& topic : core.held(lane.id)) {
      if (topic.topic == held->topic) return "held: " + topic.reason;
    }
    return "held";
  }
  const auto lost = core.store().losses().reason(place);
  if (!lost || *lost == "not_resent" || *lost == "beyond_history") {
    return lane.input ? "decided" : "forwarded";
  }
  if (*lost == "requeued") return *lost;
  return "lost: " + *lost;
}

const LaneState& asked_lane(const JournalCore& core, const Query& query) {
  const Direction direction = query.direction();
  const std::string name = query.text("lane").value_or("default");
  const LaneId id = core.lane(direction, name);
  if (id != 0) return core.lanes().at(id - 1U);
  std::vector<std::string_view> names;
  for (const LaneState& lane : core.lanes()) {
    if (lane.direction == direction) names.push_back(lane.name);
  }
  const std::string_view meant = nearest(name, names);
  throw std::invalid_argument("no lane '" + name + "' goes " + std::string(to_string(direction)) +
                              "; " +
                              (meant.empty() ? "'bascule journal list' names them"
                                             : "did you mean '" + std::string(meant) + "'?"));
}

namespace {

// What is asked for, of a lane.
struct Wanted {
  std::optional<std::string> topic, state;
  std::int64_t since_ms = 0;
  std::uint64_t payload_max = 0;
};

Wanted wanted(const Query& query) {
  Wanted wanted{query.text("topic"), query.text("state"),
                static_cast<std::int64_t>(query.number("since_ms", 0)),
                query.number("payload_max", std::numeric_limits<std::uint32_t>::max())};
  std::string why;
  if (wanted.topic && !valid_filter(*wanted.topic, &why)) {
    throw std::invalid_argument("'" + *wanted.topic + "' is no topic filter: " + why);
  }
  constexpr std::string_view states[] = {"pending", "forwarded", "decided", "quarantined",
                                         "held",    "lost",      "requeued"};
  if (wanted.state && std::ranges::find(states, *wanted.state) == std::end(states)) {
    throw std::invalid_argument(
        "'" + *wanted.state +
        "' is no state: pending, forwarded, decided, quarantined, held, lost or requeued");
  }
  return wanted;
}

// Goes through rows, and keeps what is wanted.
class Looking {
 public:
  Looking(JournalCore& core, const LaneState& lane, Wanted wanted)
      : core_(core), lane_(lane), wanted_(std::move(wanted)) {}

  bool tired() const { return looked_ >= bytes_looked_through || shown_ >= bytes_per_answer; }

  // Of the row what is wanted, from a sequence on, `most` at the most.
  std::vector<json> take(const Batch& row, std::uint64_t from, std::uint64_t most) {
    std::vector<json> taken;
    looked_ += row.data.size();
    if (core_.captured_wall_ms(row) < wanted_.since_ms) return taken;
    RecordReader reader(lane_.id, row.first, row.chain, row.data, RecordReader::Check::lengths);
    while (const auto record = reader.next()) {
      if (taken.size() >= most) break;
      const Message& message = record->message;
      if (record->sequence < from) continue;
      if (wanted_.topic && !matches(*wanted_.topic, message.topic)) continue;
      const std::string state = message_state(core_, lane_, record->sequence);
      if (wanted_.state && state.substr(0, state.find(':')) != *wanted_.state) continue;
      shown_ += std::min<std::uint64_t>(message.payload.size(), wanted_.payload_max);
      taken.push_back(
          {{"sequence", record->sequence},
           {"captured_ms", core_.captured_wall_ms(row)},
           {"topic", message.topic},
           {"qos", static_cast<int>(message.qos)},
           {"retain", message.retain},
           {"bytes", message.payload.size()},
           {"payload_base64", to_base64(message.payload.substr(0, wanted_.payload_max))},
           {"properties", properties_answer(message.properties)},
           {"state", state}});
    }
    return taken;
  }

 private:
  JournalCore& core_;
  const LaneState& lane_;
  Wanted wanted_;
  std::size_t looked_ = 0, shown_ = 0;
};

// How many there are between these numbers; 0: that would have to be counted.
std::uint64_t count_between(JournalCore& core, const LaneState& lane, const Query& query,
                            std::uint64_t from, std::uint64_t before) {
  for (const char* filter : {"topic", "state", "since_ms"}) {
    if (query.text(filter)) return 0;
  }
  const auto heads = core.store().batches().heads(lane.id, 0, 1);
  if (heads.empty()) return 0;
  const std::uint64_t first = std::max(from, heads.front().first);
  return before - std::min(before, first);
}

json from_there(JournalCore& core, const LaneState& lane, const Query& query) {
  const std::uint64_t count = std::min(query.number("count", 20), messages_per_answer);
  std::uint64_t from = query.number("from", 0);
  Looking looking(core, lane, wanted(query));
  json answer = {{"messages", json::array()},
                 {"of", count_between(core, lane, query, from, lane.next)}};
  json& messages = answer["messages"];
  while (const BatchPtr row = core.store().batches().read(lane.id, from)) {
    if (messages.size() >= count || looking.tired()) {
      answer["next"] = from;
      break;
    }
    for (json& one : looking.take(*row, from, count - messages.size())) {
      messages.push_back(std::move(one));
    }
    const bool whole = messages.size() < count;
    from = whole ? row->last() + 1 : messages.back()["sequence"].get<std::uint64_t>() + 1;
  }
  return answer;
}

json to_the_end(JournalCore& core, const LaneState& lane, const Query& query) {
  const std::uint64_t count = std::min(query.number("tail", 20), messages_per_answer);
  std::uint64_t before = query.number("before", lane.next);
  Looking looking(core, lane, wanted(query));
  std::vector<json> newest;  // first
  json answer = {{"of", count_between(core, lane, query, 0, before)}};
  while (newest.size() < count && !answer.contains("next")) {
    const auto heads = core.store().batches().heads_before(lane.id, before, rows_at_once);
    if (heads.empty()) break;
    for (const BatchHead& head : heads) {
      if (newest.size() >= count) break;
      if (looking.tired()) {
        answer["next"] = before;
        break;
      }
      const BatchPtr row = core.store().batches().read(lane.id, head.first);
      auto taken = looking.take(*row, 0, head.count);
      std::erase_if(taken, [&](const json& one) { return one["sequence"] >= before; });
      newest.insert(newest.end(), std::make_move_iterator(taken.rbegin()),
                    std::make_move_iterator(taken.rend()));
      before = head.first;
    }
  }
  newest.resize(std::min<std::size_t>(newest.size(), count));
  answer["messages"] = json::array();
  for (auto one = newest.rbegin(); one != newest.rend(); ++one) {
    answer["messages"].push_back(std::move(*one));
  }
  return answer;
}

}  // namespace

json messages_answer(JournalCore& core, const Query& query) {
  const LaneState& lane = asked_lane(core, query);
  return query.text("tail") ? to_the_end(core, lane, query) : from_there(core, lane, query);
}

}  // namespace bascule
