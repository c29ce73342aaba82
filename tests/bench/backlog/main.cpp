// What a message costs in lanes of each kind with few and with many messages waiting, in the same
// run: bytes written and processor time, and how many times as much it is with many (P7).
//
//   backlog [MANY] [KIND]     with 1,000 and MANY waiting (100,000; README: 1,000,000); kinds whose
//                             name holds KIND
//
// Ends with 1 if a message costs more than half as much again with many as with few, in bytes or in
// processor time. What others do on the machine adds to the latter, and more to a lane that does
// not fit the processor's cache: on a busy one only the bytes mean something.
// The journal is in the folder of temporary files (TMPDIR), and syncs.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "support/backlog_kinds.hpp"
#include "support/temporary_folder.hpp"

namespace bascule::test {
namespace {

constexpr int few = 1'000, turns = 2'000, rounds = 5;
constexpr double most_times = 1.5;

double cpu_us() {
  timespec at{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) * 1e6 + static_cast<double>(at.tv_nsec) / 1e3;
}

// For one turn.
struct Cost {
  double bytes = 0, us = 0;
};

class Bench {
 public:
  Bench(const BacklogKind& kind, int waiting) : kind_(kind), waiting_(waiting) {
    LaneSettings lane;
    lane.name = "lane";
    kind.settings(lane, waiting);
    JournalSettings settings;
    settings.data_dir = folder_.path;
    settings.min_free_bytes = 0;
    core_ = std::make_unique<JournalCore>(settings, "store-42", std::vector{lane});
    backlog_ = std::make_unique<Backlog>(*core_, "lane");
    kind.fill(*backlog_, waiting);
    core_->commit();
  }

  Cost measure() {
    Cost cost;
    const double begin_us = cpu_us();
    for (int i = 0; i < turns; ++i) {
      kind_.once(*backlog_, waiting_, turn_++);
      core_->checkpoint();
    }
    cost.us = (cpu_us() - begin_us) / turns;
    for (int i = 0; i < turns / 10; ++i) {
      core_->store().checkpoint(Database::Sync::now);
      kind_.once(*backlog_, waiting_, turn_++);
      cost.bytes += core_->store().log_pages() * 4096.0 / (turns / 10);
    }
    return cost;
  }

 private:
  TemporaryFolder folder_;
  const BacklogKind& kind_;
  int waiting_;
  std::unique_ptr<JournalCore> core_;
  std::unique_ptr<Backlog> backlog_;
  int turn_ = 0;
};

// The fewer of each: what others on the machine add is no cost.
void keep_least(Cost& least, const Cost& cost) {
  least.bytes = std::min(least.bytes, cost.bytes);
  least.us = std::min(least.us, cost.us);
}

// Prints the kind's row; false: with many it is more than it may be.
bool compare(const BacklogKind& kind, int many) {
  Bench small(kind, few), large(kind, many);
  Cost with_few = small.measure(), with_many = large.measure();
  for (int round = 1; round < rounds; ++round) {
    keep_least(with_few, small.measure());
    keep_least(with_many, large.measure());
  }
  std::printf("| %s | %.0f | %.0f | %.2f | %.1f | %.1f | %.2f |\n", kind.name, with_few.bytes,
              with_many.bytes, with_many.bytes / with_few.bytes, with_few.us, with_many.us,
              with_many.us / with_few.us);
  std::fflush(stdout);
  return with_many.bytes <= most_times * with_few.bytes && with_many.us <= most_times * with_few.us;
}

}  // namespace
}  // namespace bascule::test

int main(int count, char** words) {
  const int many = count > 1 ? std::atoi(words[1]) : 100'000;
  const std::string wanted = count > 2 ? words[2] : "";
  if (many < 1'000) {
    std::fprintf(stderr, "usage: backlog [MANY] [KIND]\n");
    return 2;
  }
  std::printf("| lane | bytes at 1,000 | at %d | times | us at 1,000 | at %d | times |\n", many,
              many);
  std::printf("|---|---:|---:|---:|---:|---:|---:|\n");
  bool flat = true;
  for (const auto& kind : bascule::test::backlog_kinds()) {
    if (std::string(kind.name).find(wanted) != std::string::npos) {
      flat = bascule::test::compare(kind, many) && flat;
    }
  }
  return flat ? 0 : 1;
}
