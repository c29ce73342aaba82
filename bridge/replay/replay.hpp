// What would a policy decide about inputs that are past? One instance of it runs over them with a
// state of its own, in a journal that is thrown away: nothing that it sends goes anywhere.
//
// One thread. Times are those of the inputs, so that the same inputs give the same answers.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/instance.hpp"
#include "policy/step.hpp"

namespace bascule {

struct PastInput {
  Direction direction = Direction::up;
  std::uint64_t number = 0;
  std::string record;  // as it lies in the journal
  int boot = 0;
  std::int64_t captured_ms = 0;  // boot time in that boot
  std::int64_t wall_ms = 0;
  bool clock_trusted = false;
};

struct Redecision {
  std::string verdict;  // JSON; empty: the policy gave none
  std::string emitted;  // the messages' bytes with their lanes: to be compared, no more
  std::uint64_t cases = 0;
  std::string failure;  // empty: the step did not fail; one that did has done nothing
};

class Replay {
 public:
  // `context.number_case` gives cases that it opens their numbers. `lanes` are the journal's,
  // `epoch` is that of the journal the inputs are from. Throws std::runtime_error with one line.
  Replay(std::unique_ptr<Instance> instance, StepContext context, std::vector<LaneSettings> lanes,
         std::string epoch);
  ~Replay();

  // Nothing: this policy has not asked for it, since it is a wake that it did not want or the
  // decision of a case that it has not opened.
  std::optional<Redecision> decide(const PastInput& input);

  struct Wake {
    std::string name;
    std::int64_t at_ms = 0;
  };
  std::optional<Wake> next_wake();  // the earliest that it waits for
  // Wakes it, with all else as in `like`, which comes next.
  Redecision wake(const Wake& wake, const PastInput& like);

 private:
  class Scratch;
  bool asked_for(const Record& record);
  Redecision run(const Record& record, const PastInput& input);

  std::unique_ptr<Instance> instance_;
  StepContext context_;
  std::string epoch_;
  std::unique_ptr<Scratch> scratch_;
  std::unique_ptr<JournalCore> core_;
  // Every time that each wake was asked for and has not come: one that was journaled already comes,
  // even if it has been moved since.
  std::map<std::string, std::set<std::int64_t>, std::less<>> asked_;
  std::optional<std::optional<Wake>> next_wake_;  // as far as known
  std::uint64_t own_wakes_ = 0;
  int uncommitted_ = 0;
};

}  // namespace bascule
