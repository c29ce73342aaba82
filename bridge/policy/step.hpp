// What one step has done so far: everything a policy asks of the host while it decides about one
// input is kept here, and reaches the journal all at once, or not at all. Journal's thread.
#pragma once

#include <bascule/policy.h>

#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/core.hpp"

namespace bascule {

// How much a policy has logged in a second.
struct LogBudget {
  std::int64_t second = 0;
  int lines = 0;
};

// What the steps of one policy have in common.
struct StepContext {
  PolicyId policy = 0;
  std::string name;  // of the policy
  std::string lane;  // of what it emits, unless it says otherwise
  std::string bridge_id;
  std::string events_topic;  // empty: nothing is told
  std::string cases;         // where its cases are told over MQTT; empty: nowhere
  bool hub = false;          // there is no central broker: nothing can go up
  Direction events = Direction::up;
  std::uint32_t max_payload_bytes = 16 << 20;
  LogBudget* log = nullptr;  // null: nothing is logged
  // Gives a new case its number; empty: the next one that is free.
  std::function<std::int64_t(std::string_view kind, std::string_view subject,
                             std::int64_t opened_ms)>
      number_case;
};

inline std::string_view view(bascule_bytes bytes) {
  return bytes.size == 0 ? std::string_view() : std::string_view(bytes.data, bytes.size);
}

class Step {
 public:
  Step(JournalCore& core, const StepContext& context, std::int64_t wall_ms);

  // What the functions of bascule_host do, with the same results.
  int get(std::string_view key, bascule_bytes& value);
  int put(std::string_view key, std::string_view value);
  int erase(std::string_view key);
  int scan(std::string_view prefix, std::string_view from, void* context,
           int (*each)(void*, bascule_bytes, bascule_bytes));
  int emit(const bascule_output& output);
  std::int64_t open_case(std::string_view kind, std::string_view subject, std::string_view data);
  int close_case(std::int64_t number, std::string_view outcome);
  int wake_at(std::string_view name, std::int64_t wall_ms);
  int explain(std::string_view verdict);
  void log(int level, std::string_view text);
  void fail(std::string_view reason);
  void quarantine(std::string_view reason);

  // Runs `work` so that no exception gets out; the journal's is kept for finish().
  template <class Work>
  auto guarded(const Work& work) -> decltype(work()) {
    try {
      return work();
    } catch (...) {
      if (!thrown_) thrown_ = std::current_exception();
      return -1;
    }
  }

  // After decide() has returned `result`: why the step failed; empty: it did not. Throws what the
  // journal threw while the step ran.
  std::string failure(int result) const;
  // It did, and would again.
  bool hopeless() const { return hopeless_; }

  // Makes the journal have it all, with the input's end. False: a lane is full, and nothing
  // happened.
  bool apply(const LaneState& lane, const Record& input, Decision decision);

  // For a replay, which sends nothing: makes the journal have the state, cases and wakes alone.
  void keep();
  const std::map<std::string, std::int64_t, std::less<>>& wakes() const { return wakes_; }
  const std::string& verdict() const { return verdict_; }
  std::size_t opened() const { return opened_.size(); }
  const std::vector<Append>& outputs() const { return entries_; }
  const std::string& output_bytes() const { return bytes_; }

 private:
  using State = std::map<std::string, std::optional<std::string>, std::less<>>;  // nothing: erased
  int refuse(std::string reason);
  bool charge(std::size_t bytes);
  bool change_state(std::string_view key, std::optional<std::string> value);
  void append(LaneId lane, const Message& message);
  void event(const char* what, const Case& one);
  void tell(const Case& one, bool waits);
  std::string emitted(const std::vector<std::uint64_t>& before) const;

  JournalCore& core_;
  const StepContext& context_;
  std::int64_t wall_ms_;
  State state_;
  std::map<std::string, std::int64_t, std::less<>> rows_;  // of keys that were read
  std::string value_;                                      // what get() has given
  std::string bytes_;
  std::vector<Append> entries_;
  std::string properties_;  // scratch
  std::vector<Case> opened_;
  std::vector<Case> closed_;
  std::map<std::string, std::int64_t, std::less<>> wakes_;
  std::int64_t next_case_ = 0;  // 0: not asked yet
  std::string verdict_;
  std::string refused_;  // the first reason
  std::string failed_;
  bool hopeless_ = false;
  std::size_t held_bytes_ = 0;
  std::exception_ptr thrown_;
};

}  // namespace bascule
