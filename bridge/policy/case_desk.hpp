// The cases of one policy, for people and for applications: what is told of a case, and what makes
// of somebody's choice a decision. Journal's thread.
//
// Over MQTT, where `cases: TOPIC` is set: TOPIC/NUMBER has each case that waits, retained, until it
// is closed. A message on TOPIC/NUMBER/decide that a route brings to the policy is a decision:
// {"choose": …, "by": …, "data": …}. Its answer goes to its response topic with its correlation
// data, else to TOPIC/NUMBER/decided: {"number", "ok", "error"}.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "journal/core.hpp"
#include "message/message.hpp"
#include "policy/settings.hpp"

namespace bascule {

// What is told of a case, by `bascule cases show --json` as over MQTT.
nlohmann::json case_json(const Case& one, const std::string& policy);

// Where a case is told.
std::string case_topic(const std::string& cases, std::int64_t number);

// The number of the case that a message on this topic decides; nothing: it is no decision.
std::optional<std::int64_t> decided_case(const std::string& cases, std::string_view topic);

// What somebody has chosen. `data`: JSON; empty: none.
struct CaseChoice {
  std::string choose, data, by;

  // Of a message's payload. Throws std::invalid_argument, with what is wrong.
  static CaseChoice of(std::string_view payload);
};

class CaseDesk {
 public:
  // `policy` is the id of the policy with these settings, `events` where the centre is.
  CaseDesk(const PolicySettings& settings, PolicyId policy, Direction events)
      : settings_(settings), policy_(policy), events_(events) {}

  // The decision is kept, and becomes an input of the policy. False: the journal or a lane is full,
  // and nothing happened. Throws std::invalid_argument, with what to do, if it cannot be decided
  // so.
  bool decide(JournalCore& core, std::int64_t number, const CaseChoice& choice,
              std::int64_t wall_ms);
  // The same of an input of the policy, with its answer. Gives the verdict as JSON; nothing: full.
  std::optional<std::string> decide(JournalCore& core, const Message& message, Direction from,
                                    std::int64_t wall_ms);

  // Tells a part of the cases that wait, those with numbers below `before`; gives the lowest, or 0
  // if that was all. Full: gives `before`.
  std::int64_t tell_waiting(JournalCore& core, std::int64_t before);

 private:
  struct Entries;
  void tell(JournalCore& core, const Case& one, Entries& entries) const;
  Case decided(JournalCore& core, std::int64_t number, const CaseChoice& choice,
               std::int64_t wall_ms) const;
  void put_decision(JournalCore& core, const Case& one, Entries& entries) const;

  const PolicySettings& settings_;
  PolicyId policy_;
  Direction events_;
};

}  // namespace bascule
