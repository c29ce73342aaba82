#include "control/query/quarantine_queries.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>

#include "base64.hpp"
#include "control/query/message_answer.hpp"
#include "message/topic.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr int rows_per_read = 100;
constexpr int rows_per_answer = 10'000;  // looked at
constexpr std::uint64_t messages_per_answer = 1'000;
constexpr std::size_t bytes_per_answer = 8 << 20;

// What is asked for.
class Filter {
 public:
  Filter(const JournalCore& core, const Query& query)
      : core_(core),
        number_(static_cast<std::int64_t>(query.number("number", 0))),
        lane_(query.text("lane")),
        topic_(query.text("topic")),
        reason_(query.text("reason")) {
    const auto direction = query.text("direction");
    if (direction && *direction != "up" && *direction != "down") {
      throw std::invalid_argument("direction must be up or down, not '" + *direction + "'");
    }
    if (direction) direction_ = *direction == "up" ? Direction::up : Direction::down;
    if (topic_ && !valid_filter(*topic_)) {
      throw std::invalid_argument("topic must be an MQTT filter, which '" + *topic_ + "' is not");
    }
  }

  std::int64_t number() const { return number_; }
  bool all() const { return number_ == 0 && !lane_ && !topic_ && !reason_ && !direction_; }
  bool takes(const QuarantineEntry& entry) const {
    if (number_ != 0 && entry.number != number_) return false;
    if (direction_ && entry.direction != *direction_) return false;
    if (lane_ && lane_name(entry) != *lane_) return false;
    if (topic_ && !matches(*topic_, entry.topic)) return false;
    return !reason_ || entry.reason.find(*reason_) != std::string::npos;
  }
  std::string lane_name(const QuarantineEntry& entry) const {
    return entry.lane == 0 ? std::string() : core_.lanes().at(entry.lane - 1U).name;
  }

 private:
  const JournalCore& core_;
  std::int64_t number_;
  std::optional<Direction> direction_;
  std::optional<std::string> lane_, topic_, reason_;
};

json entry_answer(const Filter& filter, const QuarantineEntry& entry, std::size_t payload_max) {
  return {{"number", entry.number},
          {"direction", to_string(entry.direction)},
          {"lane", filter.lane_name(entry)},
          {"sequence", entry.sequence},
          {"at_ms", entry.at_ms},
          {"reason", entry.reason},
          {"topic", entry.topic},
          {"topic_base64", to_base64(entry.topic)},
          {"qos", static_cast<int>(entry.qos)},
          {"retain", entry.retain},
          {"bytes", entry.size},
          {"kept_bytes", entry.payload.size()},
          {"payload_base64", to_base64(std::string_view(entry.payload).substr(0, payload_max))},
          {"properties", properties_answer(entry.properties)}};
}

}  // namespace

json quarantine_answer(JournalCore& core, const Query& query) {
  const Filter filter(core, query);
  const std::uint64_t count = std::min(query.number("count", 100), messages_per_answer);
  const auto payload_max = static_cast<std::size_t>(
      query.number("payload_max", std::numeric_limits<std::size_t>::max()));
  auto before =
      static_cast<std::int64_t>(query.number("before", std::numeric_limits<std::int64_t>::max()));
  if (filter.number() != 0) before = filter.number() + 1;
  QuarantineTable& table = core.store().quarantine();
  json messages = json::array();
  json answer;
  std::size_t bytes = 0;
  for (int looked = 0; before > 0; looked += rows_per_read) {
    const auto entries = table.before(before, filter.number() != 0 ? 1 : rows_per_read);
    bool full = false;
    for (const QuarantineEntry& entry : entries) {
      full = messages.size() >= count || bytes >= bytes_per_answer || looked >= rows_per_answer;
      if (full) break;
      before = entry.number;
      if (!filter.takes(entry)) continue;
      bytes += std::min(entry.payload.size(), payload_max);
      messages.push_back(entry_answer(filter, entry, payload_max));
    }
    if (full) answer["next"] = before;
    if (full || entries.empty() || filter.number() != 0) break;
  }
  const QuarantineTable::Size total = table.size();
  answer["messages"] = std::move(messages);
  answer["total"] = {{"messages", total.messages}, {"bytes", total.bytes}};
  return answer;
}

json quarantine_change(JournalCore& core, std::string_view what, const Query& query,
                       const Quarantine::Routed& routed) {
  const Filter filter(core, query);
  if (filter.all() && !query.text("all")) {
    throw std::invalid_argument("say which: number, lane, direction, topic, reason, or all");
  }
  const bool requeue = what == quarantine_changes[0];
  const std::string into = query.text("into").value_or("");
  auto after = static_cast<std::int64_t>(query.number("after", 0));
  if (filter.number() != 0) after = filter.number() - 1;
  const auto entries =
      core.store().quarantine().after(after, filter.number() != 0 ? 1 : rows_per_read);
  // What comes back while we are at it is not for this time.
  const auto newest = core.store().quarantine().newest(1);
  const auto until = static_cast<std::int64_t>(
      query.number("until", newest.empty() ? 0 : static_cast<std::uint64_t>(newest[0].number)));
  std::uint64_t done = 0;
  bool over = entries.empty() || filter.number() != 0;
  json skipped = json::array();
  for (const QuarantineEntry& entry : entries) {
    over = over || entry.number > until;
    if (entry.number > until) break;
    after = entry.number;
    if (!filter.takes(entry)) continue;
    try {
      requeue ? core.requeue(entry.number, into, routed) : core.drop_quarantined(entry.number);
      ++done;
    } catch (const std::invalid_argument& e) {
      skipped.push_back({{"number", entry.number}, {"why", e.what()}});
    }
  }
  if (filter.number() != 0 && done == 0) {
    throw std::invalid_argument(skipped.empty()
                                    ? Quarantine::absent(core.store().quarantine(), filter.number())
                                    : skipped[0]["why"].get<std::string>());
  }
  json answer = {{"done", done}, {"skipped", std::move(skipped)}};
  if (!over) answer["next"] = {{"after", after}, {"until", until}};
  return answer;
}

}  // namespace bascule
