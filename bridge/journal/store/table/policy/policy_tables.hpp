// What the journal keeps for policies, besides lanes: the tables policy_… of FORMAT.md; see
// policy_rows.hpp. Journal's thread. Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/store/sqlite/database.hpp"
#include "journal/store/table/policy/hot_state.hpp"
#include "journal/store/table/policy/policy_rows.hpp"

namespace bascule {

class PolicyTables {
 public:
  explicit PolicyTables(Database& database) : database_(database) {}

  std::optional<StateRow> state(PolicyId policy, std::string_view key);
  // Those with this prefix, from `from` on, in order of the keys; nothing behind them is read.
  std::vector<std::pair<std::string, std::string>> states(PolicyId policy, std::string_view prefix,
                                                          std::string_view from, int limit);
  void save_state(PolicyId policy, std::string_view key, std::string_view value);
  // Of a row that state() gave.
  void replace_state(PolicyId policy, std::string_view key, StateRow row);
  void erase_state(PolicyId policy, std::string_view key);
  // What replace_state() has kept in memory. Before a commit.
  void write_hot_state();

  void save_decision(const Decision& decision);
  std::vector<Decision> decisions(LaneId lane, std::uint64_t from, int limit);
  void erase_decisions(LaneId lane, std::uint64_t before);
  std::optional<Begun> begun(LaneId lane);
  void save_begun(LaneId lane, const Begun& begun);
  void save_wake(PolicyId policy, std::string_view name, std::int64_t wall_ms);         // 0: none
  std::vector<std::pair<std::string, std::int64_t>> wakes(PolicyId policy, int limit);  // by time
  std::optional<DailyRun> daily_run(PolicyId policy);
  void save_daily_run(PolicyId policy, const DailyRun& run);

  std::int64_t next_case();
  void open_case(const Case& one);
  void decide_case(const Case& one);  // its decision
  void close_case(std::int64_t number, std::string_view outcome, std::int64_t at_ms);
  std::optional<Case> find_case(std::int64_t number);
  // Newest first, with numbers below `before`.
  std::vector<Case> cases(bool closed_too, std::int64_t before, int limit);
  std::uint64_t open_cases(PolicyId policy);  // 0: of all policies

 private:
  void write(const StateRow& row);

  Database& database_;
  HotState hot_;
};

}  // namespace bascule
