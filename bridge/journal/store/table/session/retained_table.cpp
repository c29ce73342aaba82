#include "journal/store/table/session/retained_table.hpp"

namespace bascule {
namespace {

constexpr std::int64_t none = -1;  // no digest
constexpr std::int64_t sets = 1, clear = 2;

// The columns from `target` on, which is `first`.
RetainedRow read_row(const Statement& row, int first) {
  RetainedRow out;
  out.target = row.text(first);
  if (const auto held = row.integer(first + 1); held != none) {
    out.held = static_cast<std::uint32_t>(held);
  }
  out.crossed = static_cast<std::uint32_t>(row.integer(first + 2));
  out.sets = (row.integer(first + 3) & sets) != 0;
  out.clear = (row.integer(first + 3) & clear) != 0;
  out.expires_ms = row.integer(first + 4);
  out.place = {static_cast<LaneId>(row.integer(first + 5)), row.number(first + 6)};
  return out;
}

}  // namespace

std::optional<RetainedRow> RetainedTable::find(Direction direction, std::string_view topic) {
  return database_
      .prepared(
          "SELECT target, held, crossed, flags, expires_ms, lane, sequence FROM retained"
          " WHERE direction=?1 AND topic=?2")
      .bind(static_cast<int>(direction), topic)
      .first([](const Statement& row) { return read_row(row, 0); });
}

void RetainedTable::save(Direction direction, std::string_view topic, const RetainedRow& row) {
  const std::int64_t held = row.held ? std::int64_t{*row.held} : none;
  const std::int64_t flags = (row.sets ? sets : 0) | (row.clear ? clear : 0);
  database_.prepared("INSERT OR REPLACE INTO retained VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
      .run(static_cast<int>(direction), topic, row.target, held, row.crossed, flags, row.expires_ms,
           row.place.lane, row.place.sequence);
}

void RetainedTable::erase(Direction direction, std::string_view topic) {
  database_.prepared("DELETE FROM retained WHERE direction=?1 AND topic=?2")
      .run(static_cast<int>(direction), topic);
}

RetainedTable::Rows RetainedTable::behind(Direction direction, std::string_view after,
                                          std::size_t limit) {
  return database_
      .prepared(
          "SELECT topic, target, held, crossed, flags, expires_ms, lane, sequence FROM retained"
          " WHERE direction=?1 AND topic>?2 ORDER BY topic LIMIT ?3")
      .bind(static_cast<int>(direction), after, std::uint64_t{limit})
      .all([](const Statement& row) {
        return std::pair{std::string(row.text(0)), read_row(row, 1)};
      });
}

std::vector<RetainedTable::Clear> RetainedTable::clears(LaneId lane, std::uint64_t behind,
                                                        std::uint64_t last, int limit) {
  return database_
      .prepared(
          "SELECT direction, topic, sequence FROM retained"
          " WHERE flags>=2 AND lane=?1 AND sequence>?2 AND sequence<=?3 ORDER BY sequence LIMIT ?4")
      .bind(lane, behind, last, limit)
      .all([](const Statement& row) {
        return Clear{static_cast<Direction>(row.integer(0)), std::string(row.text(1)),
                     row.number(2)};
      });
}

RetainedTable::Former RetainedTable::former(Direction direction) {
  Former former;
  database_.prepared("SELECT target, lane FROM former_target WHERE direction=?1")
      .bind(static_cast<int>(direction))
      .each([&](const Statement& row) {
        former.emplace(row.text(0), static_cast<LaneId>(row.integer(1)));
      });
  return former;
}

void RetainedTable::save_former(Direction direction, std::string_view target, LaneId lane) {
  database_.prepared("INSERT OR REPLACE INTO former_target VALUES(?1, ?2, ?3)")
      .run(static_cast<int>(direction), target, lane);
}

void RetainedTable::erase_former(Direction direction, std::string_view target) {
  database_.prepared("DELETE FROM former_target WHERE direction=?1 AND target=?2")
      .run(static_cast<int>(direction), target);
}

}  // namespace bascule
