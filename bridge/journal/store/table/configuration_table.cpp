#include "journal/store/table/configuration_table.hpp"

#include <optional>
#include <utility>

#include "text/words.hpp"

namespace bascule {
namespace {

constexpr std::int64_t none = -1;

template <class T>
std::int64_t number_of(const std::optional<T>& value) {
  return value ? static_cast<std::int64_t>(*value) : none;
}

template <class T>
std::optional<T> value_at(const Statement& row, int column) {
  const std::int64_t value = row.integer(column);
  return value == none ? std::nullopt : std::optional(static_cast<T>(value));
}

std::pair<LaneId, LaneSettings> read_settings(const Statement& row) {
  LaneSettings settings;
  settings.priority = static_cast<int>(row.integer(1));
  settings.rate = {row.number(2), row.number(3)};
  if (row.integer(4) != none) {
    settings.hours = Hours{static_cast<int>(row.integer(4)), static_cast<int>(row.integer(5))};
  }
  settings.ttl_ms = value_at<std::int64_t>(row, 6);
  settings.max_size_bytes = value_at<std::uint64_t>(row, 7);
  settings.when_full = value_of(when_full_words, row.text(8));
  settings.keep = value_of(keep_words, row.text(9)).value_or(Keep::all);
  settings.quarantine_held_after_ms = value_at<std::int64_t>(row, 10);
  settings.resend = value_of(resend_words, row.text(11)).value_or(Resend::since_crash);
  return {static_cast<LaneId>(row.integer(0)), settings};
}

}  // namespace

std::map<LaneId, LaneSettings> ConfigurationTable::lanes() {
  std::map<LaneId, LaneSettings> lanes;
  database_
      .prepared(
          "SELECT lane, priority, rate_bytes, rate_messages, hours_from, hours_to, ttl_ms,"
          " max_size, when_full, keep, quarantine_held_after_ms, resend FROM lane_setting")
      .bind()
      .each([&](const Statement& row) { lanes.insert(read_settings(row)); });
  return lanes;
}

void ConfigurationTable::save(LaneId lane, const LaneSettings& settings) {
  const std::optional<Hours>& hours = settings.hours;
  database_
      .prepared(
          "INSERT OR REPLACE INTO lane_setting"
          " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
      .run(lane, settings.priority, settings.rate.bytes_per_s, settings.rate.messages_per_s,
           hours ? std::int64_t{hours->from_min} : none, hours ? std::int64_t{hours->to_min} : none,
           number_of(settings.ttl_ms), number_of(settings.max_size_bytes),
           settings.when_full ? word_of(when_full_words, *settings.when_full) : "",
           word_of(keep_words, settings.keep), number_of(settings.quarantine_held_after_ms),
           word_of(resend_words, settings.resend));
}

std::vector<RuleRow> ConfigurationTable::rules() {
  return database_.prepared("SELECT direction, filter, text, lane FROM rule ORDER BY place")
      .bind()
      .all([](const Statement& row) {
        return RuleRow{static_cast<Direction>(row.integer(0)), std::string(row.text(1)),
                       std::string(row.text(2)), static_cast<LaneId>(row.integer(3))};
      });
}

void ConfigurationTable::save(const std::vector<RuleRow>& rules) {
  database_.prepared("DELETE FROM rule").run();
  std::int64_t place = 0;
  for (const RuleRow& rule : rules) {
    database_.prepared("INSERT INTO rule VALUES(?1, ?2, ?3, ?4, ?5)")
        .run(place++, static_cast<int>(rule.direction), rule.filter, rule.text, rule.lane);
  }
}

std::vector<LaneOrderRow> ConfigurationTable::orders() {
  return database_
      .prepared("SELECT lane, first, former, last FROM lane_behind ORDER BY lane, first, former")
      .bind()
      .all([](const Statement& row) {
        return LaneOrderRow{static_cast<LaneId>(row.integer(0)), row.number(1),
                            static_cast<LaneId>(row.integer(2)), row.number(3)};
      });
}

void ConfigurationTable::add(const LaneOrderRow& order) {
  database_.prepared("INSERT OR REPLACE INTO lane_behind VALUES(?1, ?2, ?3, ?4)")
      .run(order.lane, order.first, order.former, order.last);
}

void ConfigurationTable::erase(const LaneOrderRow& order) {
  database_.prepared("DELETE FROM lane_behind WHERE lane=?1 AND first=?2 AND former=?3")
      .run(order.lane, order.first, order.former);
}

}  // namespace bascule
