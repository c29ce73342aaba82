#include "control/query/replay_query.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

#include "control/query/message_queries.hpp"
#include "message/topic.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::size_t bytes_looked_through = 16 << 20;
constexpr std::size_t ranges_per_answer = 10'000;
constexpr auto no_limit = std::numeric_limits<std::int64_t>::max();

// What is asked for, of a lane.
struct Span {
  std::uint64_t from = 0, to = 0;
  std::int64_t since_ms = 0, until_ms = 0;
  std::optional<std::string> topic;
};

Span span_of(const Query& query) {
  Span span{query.number("from", 0), query.number("to", no_limit),
            static_cast<std::int64_t>(query.number("since_ms", 0)),
            static_cast<std::int64_t>(query.number("until_ms", no_limit)), query.text("topic")};
  std::string why;
  if (span.topic && !valid_filter(*span.topic, &why)) {
    throw std::invalid_argument("'" + *span.topic + "' is no topic filter: " + why);
  }
  return span;
}

void add(json& ranges, std::uint64_t sequence) {
  if (!ranges.empty() && ranges.back()[1] == sequence - 1) {
    ranges.back()[1] = sequence;
  } else {
    ranges.push_back({sequence, sequence});
  }
}

}  // namespace

json crossed_answer(JournalCore& core, const Query& query) {
  const LaneState& lane = asked_lane(core, query);
  const Span span = span_of(query);
  const auto heads = core.store().batches().heads(lane.id, 0, 1);
  const BatchPtr oldest = heads.empty() ? nullptr : core.store().batches().read(lane.id, 0);
  json answer = {{"ranges", json::array()},
                 {"first_stored", oldest ? oldest->first : lane.next},
                 {"first_stored_ms", oldest ? core.captured_wall_ms(*oldest) : 0},
                 {"last", lane.last_resolved()}};
  std::uint64_t messages = 0, bytes = 0, from = span.from;
  for (std::size_t looked = 0; from <= span.to;) {
    const BatchPtr row = core.store().batches().read(lane.id, from);
    if (row == nullptr || row->first > span.to) break;
    if (looked >= bytes_looked_through || answer["ranges"].size() >= ranges_per_answer) {
      answer["next"] = from;
      break;
    }
    looked += row->data.size();
    const std::int64_t at_ms = core.captured_wall_ms(*row);
    const bool wanted = at_ms >= span.since_ms && at_ms <= span.until_ms;
    RecordReader reader(lane.id, row->first, row->chain, row->data, RecordReader::Check::lengths);
    while (const auto record = wanted ? reader.next() : std::nullopt) {
      if (record->sequence < from || record->sequence > span.to) continue;
      if (span.topic && !matches(*span.topic, record->message.topic)) continue;
      if (message_state(core, lane, record->sequence) != "forwarded") continue;
      add(answer["ranges"], record->sequence);
      bytes += record->size;
      ++messages;
    }
    from = row->last() + 1;
  }
  answer["messages"] = messages;
  answer["bytes"] = bytes;
  return answer;
}

}  // namespace bascule
