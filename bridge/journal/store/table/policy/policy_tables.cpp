#include "journal/store/table/policy/policy_tables.hpp"

namespace bascule {
namespace {

constexpr int closed_cases = 10'000;  // kept

// The first key after those with this prefix; keys have 1,024 bytes at the most.
std::string end_of(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xFF) end.pop_back();
  if (end.empty()) return std::string(1'025, '\xFF');
  ++end.back();
  return end;
}

Decision read_decision(const Statement& row) {
  const LaneSequence input = LaneSequence::of_key(row.number(0));
  Decision decision;
  decision.lane = input.lane;
  decision.sequence = input.sequence;
  decision.after = row.number(1);
  decision.wall_ms = row.integer(2);
  decision.clock_trusted = row.integer(3) != 0;
  decision.emitted = row.text(4);
  decision.verdict = row.blob(5);
  return decision;
}

Case read_case(const Statement& row) {
  Case one;
  one.number = row.integer(0);
  one.policy = static_cast<PolicyId>(row.integer(1));
  one.kind = row.text(2);
  one.subject = row.blob(3);
  one.data = row.blob(4);
  one.opened_ms = row.integer(5);
  one.state = static_cast<Case::State>(row.integer(6));
  one.decision = row.blob(7);
  one.decided_by = row.text(8);
  one.decided_ms = row.integer(9);
  one.outcome = row.blob(10);
  one.closed_ms = row.integer(11);
  return one;
}

}  // namespace

std::optional<StateRow> PolicyTables::state(PolicyId policy, std::string_view key) {
  if (const StateRow* hot = hot_.find(policy, key); hot != nullptr) return *hot;
  return database_.prepared("SELECT id, value FROM policy_state WHERE policy=?1 AND key=?2")
      .bind(policy, Blob{key})
      .first([](const Statement& row) {
        return StateRow{row.integer(0), std::string(row.blob(1))};
      });
}

std::vector<std::pair<std::string, std::string>> PolicyTables::states(PolicyId policy,
                                                                      std::string_view prefix,
                                                                      std::string_view from,
                                                                      int limit) {
  write_hot_state();
  const std::string end = end_of(prefix);
  return database_
      .prepared(
          "SELECT key, value FROM policy_state WHERE policy=?1 AND key>=?2 AND key<?4"
          " ORDER BY key LIMIT ?3")
      .bind(policy, Blob{from}, limit, Blob{end})
      .all([](const Statement& row) {
        return std::pair(std::string(row.blob(0)), std::string(row.blob(1)));
      });
}

void PolicyTables::save_state(PolicyId policy, std::string_view key, std::string_view value) {
  hot_.forget(policy, key);
  database_
      .prepared(
          "INSERT INTO policy_state(policy, key, value) VALUES(?1, ?2, ?3)"
          " ON CONFLICT(policy, key) DO UPDATE SET value=excluded.value")
      .run(policy, Blob{key}, Blob{value});
}

void PolicyTables::replace_state(PolicyId policy, std::string_view key, StateRow row) {
  hot_.replace(policy, key, std::move(row), [this](const StateRow& one) { write(one); });
}

void PolicyTables::write_hot_state() {
  hot_.write_all([this](const StateRow& one) { write(one); });
}

void PolicyTables::write(const StateRow& row) {
  database_.prepared("UPDATE policy_state SET value=?2 WHERE id=?1").run(row.id, Blob{row.value});
}

void PolicyTables::erase_state(PolicyId policy, std::string_view key) {
  hot_.forget(policy, key);
  database_.prepared("DELETE FROM policy_state WHERE policy=?1 AND key=?2").run(policy, Blob{key});
}

void PolicyTables::save_decision(const Decision& decision) {
  database_.prepared("INSERT OR REPLACE INTO policy_decision VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
      .run(LaneSequence{decision.lane, decision.sequence}.key(), decision.after, decision.wall_ms,
           decision.clock_trusted, decision.emitted, Blob{decision.verdict});
}

std::vector<Decision> PolicyTables::decisions(LaneId lane, std::uint64_t from, int limit) {
  return database_
      .prepared(
          "SELECT id, after, wall_ms, clock_trusted, emitted, verdict FROM policy_decision"
          " WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3")
      .bind(LaneSequence{lane, from}.key(), last_key(lane), limit)
      .all(read_decision);
}

void PolicyTables::erase_decisions(LaneId lane, std::uint64_t before) {
  database_.prepared("DELETE FROM policy_decision WHERE id>=?1 AND id<?2")
      .run(first_key(lane), LaneSequence{lane, before}.key());
}

std::optional<Begun> PolicyTables::begun(LaneId lane) {
  return database_.prepared("SELECT first, last, attempts, reason FROM policy_begun WHERE lane=?1")
      .bind(lane)
      .first([](const Statement& row) {
        return Begun{row.number(0), row.number(1), static_cast<unsigned>(row.integer(2)),
                     std::string(row.text(3))};
      });
}

void PolicyTables::save_begun(LaneId lane, const Begun& begun) {
  database_.prepared("INSERT OR REPLACE INTO policy_begun VALUES(?1, ?2, ?3, ?4, ?5)")
      .run(lane, begun.first, begun.last, begun.attempts, begun.reason);
}

void PolicyTables::save_wake(PolicyId policy, std::string_view name, std::int64_t wall_ms) {
  if (wall_ms == 0) {
    database_.prepared("DELETE FROM policy_wake WHERE policy=?1 AND name=?2")
        .run(policy, Blob{name});
  } else {
    database_.prepared("INSERT OR REPLACE INTO policy_wake VALUES(?1, ?2, ?3)")
        .run(policy, Blob{name}, wall_ms);
  }
}

std::vector<std::pair<std::string, std::int64_t>> PolicyTables::wakes(PolicyId policy, int limit) {
  return database_
      .prepared(
          "SELECT name, wall_ms FROM policy_wake WHERE policy=?1 ORDER BY wall_ms, name LIMIT ?2")
      .bind(policy, limit)
      .all(
          [](const Statement& row) { return std::pair(std::string(row.blob(0)), row.integer(1)); });
}

std::optional<DailyRun> PolicyTables::daily_run(PolicyId policy) {
  return database_.prepared("SELECT day, last FROM policy_run WHERE policy=?1")
      .bind(policy)
      .first([](const Statement& row) {
        return DailyRun{std::string(row.text(0)), row.number(1)};
      });
}

void PolicyTables::save_daily_run(PolicyId policy, const DailyRun& run) {
  database_.prepared("INSERT OR REPLACE INTO policy_run VALUES(?1, ?2, ?3)")
      .run(policy, run.day, run.last);
}

std::int64_t PolicyTables::next_case() {
  return database_.integer("SELECT max(number) FROM policy_case") + 1;
}

void PolicyTables::open_case(const Case& one) {
  database_
      .prepared(
          "INSERT INTO policy_case(number, policy, kind, subject, data, opened_ms, state, decision,"
          " decided_by, decided_ms, outcome, closed_ms)"
          " VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0, x'', '', 0, x'', 0)")
      .run(one.number, one.policy, one.kind, Blob{one.subject}, Blob{one.data}, one.opened_ms);
}

void PolicyTables::decide_case(const Case& one) {
  database_
      .prepared(
          "UPDATE policy_case SET state=1, decision=?2, decided_by=?3, decided_ms=?4 WHERE "
          "number=?1")
      .run(one.number, Blob{one.decision}, one.decided_by, one.decided_ms);
}

void PolicyTables::close_case(std::int64_t number, std::string_view outcome, std::int64_t at_ms) {
  database_.prepared("UPDATE policy_case SET state=2, outcome=?2, closed_ms=?3 WHERE number=?1")
      .run(number, Blob{outcome}, at_ms);
  // The newest number stays, so that none is given out again.
  database_
      .prepared(
          "DELETE FROM policy_case WHERE state=2 AND number IN"
          " (SELECT number FROM policy_case WHERE state=2 ORDER BY number DESC LIMIT -1 OFFSET ?1)"
          " AND number < (SELECT max(number) FROM policy_case)")
      .run(closed_cases);
}

std::optional<Case> PolicyTables::find_case(std::int64_t number) {
  return database_
      .prepared(
          "SELECT number, policy, kind, subject, data, opened_ms, state, decision, decided_by,"
          " decided_ms, outcome, closed_ms FROM policy_case WHERE number=?1")
      .bind(number)
      .first(read_case);
}

std::vector<Case> PolicyTables::cases(bool closed_too, std::int64_t before, int limit) {
  return database_
      .prepared(
          "SELECT number, policy, kind, subject, data, opened_ms, state, decision, decided_by,"
          " decided_ms, outcome, closed_ms FROM policy_case WHERE (state<2 OR ?1) AND number<?2"
          " ORDER BY number DESC LIMIT ?3")
      .bind(closed_too, before, limit)
      .all(read_case);
}

std::uint64_t PolicyTables::open_cases(PolicyId policy) {
  const auto read = [](const Statement& row) { return row.number(0); };
  return database_
      .prepared(
          "SELECT count(*) FROM policy_case INDEXED BY policy_case_waiting"
          " WHERE state<2 AND (policy=?1 OR ?1=0)")
      .bind(policy)
      .first(read)
      .value_or(0);
}

}  // namespace bascule
