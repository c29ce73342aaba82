#include "control/query/carry_query.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "base64.hpp"
#include "control/query/message_queries.hpp"
#include "journal/store/table/configuration_table.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::size_t bytes_looked_through = 4 << 20;
constexpr std::uint64_t steps_max = 100'000;

const LaneState& carried_lane(const JournalCore& core, const Query& query) {
  const LaneState& lane = asked_lane(core, query);
  if (lane.direction == Direction::down || lane.input) {
    throw std::invalid_argument("lane '" + lane.name + "' " +
                                std::string(to_string(lane.direction)) +
                                " goes to no central broker: a stick is for those that do");
  }
  return lane;
}

// What is not stored any more before `stored`, and was given up, is accounted for.
std::uint64_t accounted_from(JournalCore& core, const LaneState& lane, std::uint64_t asked,
                             std::uint64_t stored) {
  std::uint64_t first = std::max(asked, stored);
  for (std::uint64_t steps = 0; first > asked && steps < steps_max; ++steps, --first) {
    const std::string state = message_state(core, lane, first - 1);
    if (state == "forwarded" || state == "pending") break;
  }
  return first;
}

// The lanes of which something is to cross before what waits in this one: see LaneOrder.
json lanes_before(JournalCore& core, const LaneState& lane) {
  json names = json::array();
  for (const LaneOrderRow& order : core.store().configuration().orders()) {
    const LaneState& former = core.lanes().at(order.former - 1U);
    if (order.lane != lane.id || order.first >= lane.next || former.cursor >= order.last) continue;
    names.push_back(former.name);
  }
  return names;
}

json lane_answer(JournalCore& core, const LaneState& lane, bool history) {
  const auto heads = core.store().batches().heads(lane.id, 0, 1);
  const std::uint64_t stored = heads.empty() ? lane.next : heads.front().first;
  const std::string marked = core.store().meta().marked(Direction::up);
  // After a new epoch the far broker's bookmark is that of the former one, and all up to the
  // cursor has crossed, as far as the site knows.
  const bool renewed = !marked.empty() && marked != core.epoch();
  const std::uint64_t asked = history ? 1 : renewed ? lane.cursor + 1 : lane.confirmed + 1;
  json cursors = json::object(), lanes = json::array();
  for (const LaneState& one : core.lanes()) {
    if (one.direction == Direction::down || one.input) continue;
    cursors[one.name] = one.cursor;
    lanes.push_back(one.name);
  }
  return {{"epoch", core.epoch()},
          {"marked", marked},
          {"first", accounted_from(core, lane, asked, stored)},
          {"first_stored", stored},
          {"last", lane.next - 1},
          {"cursor", lane.cursor},
          {"held", lane.held},
          {"behind", lanes_before(core, lane)},
          {"cursors", std::move(cursors)},
          {"lanes", std::move(lanes)}};
}

json message_answer(const JournalCore& core, const Batch& row, const Record& record) {
  const Message& message = record.message;
  return {{"sequence", record.sequence},
          {"captured_ms", core.captured_wall_ms(row)},
          {"age_ms", core.age_ms(row)},
          {"qos", static_cast<int>(message.qos)},
          {"retain", message.retain},
          {"topic_base64", to_base64(message.topic)},
          {"properties_base64", to_base64(message.properties)},
          {"payload_base64", to_base64(message.payload)}};
}

}  // namespace

json carry_answer(JournalCore& core, const Query& query) {
  const LaneState& lane = carried_lane(core, query);
  if (!query.text("from")) return lane_answer(core, lane, query.text("history").has_value());
  const std::uint64_t begin = query.number("from", 1);
  const std::uint64_t to = std::min(query.number("to", lane.next - 1), lane.next - 1);
  json answer = {{"messages", json::array()}, {"epoch", core.epoch()}};
  std::uint64_t from = begin, waiting = 0;
  for (std::size_t looked = 0; from <= to;) {
    const BatchPtr row = core.store().batches().read(lane.id, from);
    if (row == nullptr || row->first > to) break;
    if (looked >= bytes_looked_through) {
      answer["next"] = from;
      break;
    }
    looked += row->data.size();
    RecordReader reader(lane.id, row->first, row->chain, row->data, RecordReader::Check::checksums);
    while (const auto record = reader.next()) {
      if (record->sequence < from || record->sequence > to) continue;
      const std::string state = message_state(core, lane, record->sequence);
      if (state != "pending" && state != "forwarded") continue;
      if (state == "pending") ++waiting;
      answer["messages"].push_back(message_answer(core, *row, *record));
    }
    from = row->last() + 1;
  }
  const std::uint64_t through = answer.contains("next") ? from - 1 : to;
  std::uint64_t expected = 0;
  if (begin <= through) {
    for (const SequenceRange& range : lane.backlog_in(begin, through)) {
      expected += range.last - range.first + 1;
    }
  }
  if (waiting != expected) {
    throw std::invalid_argument(std::to_string(expected - waiting) + " messages of lane '" +
                                lane.name + "' wait and cannot be read: 'bascule journal verify' " +
                                "says which");
  }
  return answer;
}

}  // namespace bascule
