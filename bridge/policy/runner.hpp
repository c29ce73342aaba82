// Runs one policy over its two input lanes: one input a step, in order within each lane, whatever
// came first between the two. Journal's thread.
//
// Attempts. Before an input is tried, the journal holds durably that it is (table policy_begun): a
// range of inputs is begun at once, with the commit that is made anyway. After a crash the range is
// known; then its inputs are begun one by one, each with a commit of its own, so that the one that
// kills the process is found and quarantined after three attempts.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "message/per_direction.hpp"
#include "policy/case_desk.hpp"
#include "policy/gate.hpp"
#include "policy/input.hpp"
#include "policy/instance.hpp"
#include "policy/step.hpp"
#include "policy/watchdog.hpp"

namespace bascule {

inline constexpr unsigned attempts_max = 3;

class Runner {
 public:
  Runner(PolicySettings settings, std::unique_ptr<Instance> instance, StepContext context,
         std::int64_t retry_after_ms);

  void opened(JournalCore& core, bool again);
  // Appends the wakes that are due, and begins what may be decided next.
  void prepare(JournalCore& core, const Now& at);
  // Decides about one input; false: there is none that is begun.
  bool step(JournalCore& core, Watchdog& watchdog, std::int64_t now_ms);
  void closing(JournalCore& core);

  // The line to central has changed: an input. False: there is no room for it now.
  bool tell_line(JournalCore& core, bool up);

  // What the policy answers to a person's question about its state (bascule_policy.ask); `about` is
  // a JSON object. Changes nothing. Throws std::invalid_argument with what to do, if it answers
  // none, or refuses this one.
  nlohmann::json ask(JournalCore& core, Watchdog& watchdog, std::int64_t wall_ms,
                     const std::string& what, const std::string& about);
  // Something that a person wants done becomes an input down, once the policy has been asked; gives
  // its number. Throws as ask() does, and if there is no room.
  std::uint64_t request(JournalCore& core, Watchdog& watchdog, std::int64_t wall_ms,
                        const std::string& what, const std::string& about);

  // How long there is nothing to do, unless something comes.
  std::int64_t wait_ms(const JournalCore& core, const Now& at) const;
  const PolicySettings& settings() const { return settings_; }
  const bascule_policy& type() const { return instance_->type(); }
  PolicyId id() const { return context_.policy; }
  CaseDesk desk() const { return {settings_, context_.policy, context_.events}; }
  std::uint64_t failures() const { return failures_; }  // attempts, since the start
  std::string waits_for(const JournalCore& core) const;

 private:
  struct Lane {
    LaneId id = 0;
    std::uint64_t begun_to = 0;      // inputs up to here are begun …
    std::uint64_t begun_commit = 0;  // … durably, once the journal has more commits than this
    std::uint64_t head = 0;          // the input that `attempts` and `reason` are about
    unsigned attempts = 0;
    std::string reason;
    std::uint64_t one_by_one_to = 0;  // begun when the process died
    std::int64_t retry_at_ms = 0;     // boot time
    std::uint64_t limit = 0;          // the gate's
    // The next input, read.
    BatchPtr batch;
    std::optional<RecordReader> reader;
    std::optional<Record> record;
  };

  static const LaneState& state(const JournalCore& core, const Lane& lane) {
    return core.lanes().at(lane.id - 1U);
  }
  const Record* peek(JournalCore& core, Lane& lane);
  bool ready(const JournalCore& core, const Lane& lane, std::int64_t now_ms) const;
  void begin(JournalCore& core, Lane& lane, std::int64_t now_ms);
  Lane* next(JournalCore& core, std::int64_t now_ms);
  void decide(JournalCore& core, Lane& lane, Watchdog& watchdog, std::int64_t now_ms);
  Decision decision(const JournalCore& core, const Lane& lane) const;
  void failed(JournalCore& core, Lane& lane, std::string reason, std::int64_t now_ms);
  void quarantine(JournalCore& core, Lane& lane, const std::string& why);
  void settled(Lane& lane);
  bool append(JournalCore& core, InputKind kind, std::string_view topic, std::string_view payload);
  void append_wakes(JournalCore& core, std::int64_t wall_ms);
  bool decide_case(JournalCore& core, Lane& lane, Decision& decided);
  void wait_for_room(Lane& lane, std::int64_t now_ms);

  PolicySettings settings_;
  std::unique_ptr<Instance> instance_;
  StepContext context_;
  std::int64_t retry_after_ms_;
  GateKeeper gate_;
  LogBudget log_;
  PerDirection<Lane> lanes_;
  std::int64_t next_wake_ms_ = 0;  // wall time; 0: look
  std::int64_t untold_cases_ = 0;  // those with numbers below have not been told since the start
  std::uint64_t failures_ = 0;
  std::string full_;  // why the last step could not be kept
};

}  // namespace bascule
