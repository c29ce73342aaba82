// Decisions a second of the policy in its real host, over a journal on disk (TMPDIR): records of
// 1 KiB are made, then edited in random order. No test runs it.
//   conflict_journal_bench [RECORDS [DECISIONS [full|normal]]]
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "message/properties.hpp"
#include "policy/runner.hpp"

namespace bascule::test {

namespace {

constexpr std::size_t group_inputs = 512;
constexpr std::uint64_t bytes_per_turn = 2 << 20;  // as the host has it

const char* const options = R"({"role": "authority", "record": "edits/{id}",
  "topics": {"canonical": "records/{id}"}, "strategy": "field-merge"})";

double now_s(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

// Not what the kernel calls write_bytes: it counts whole folios of the page cache.
std::uint64_t written_bytes() {
  std::ifstream io("/proc/self/io");
  std::string name;
  std::uint64_t value = 0;
  while (io >> name >> value) {
    if (name == "wchar:") return value;
  }
  return 0;
}

class Authority {
 public:
  Authority(const std::string& directory, JournalSettings::Sync sync) {
    JournalSettings journal;
    journal.data_dir = directory;
    journal.sync = sync;
    journal.keep_forwarded_ms = 0;
    LaneSettings lane;
    lane.name = "policy/records";
    core_ = std::make_unique<JournalCore>(journal, "hub", std::vector<LaneSettings>{lane});
    PolicySettings settings;
    settings.name = "records";
    settings.options = options;
    StepContext context;
    context.name = "records";
    context.lane = "default";
    context.bridge_id = "hub";
    context.events_topic = "bascule/hub/events";
    context.hub = true;
    std::vector<OptionProblem> problems;
    auto instance =
        Instance::make(*bascule_policy_plugin(BASCULE_POLICY_ABI), settings, "hub", problems);
    if (!instance) throw std::runtime_error(problems.front().text);
    runner_ = std::make_unique<Runner>(settings, std::move(instance), context, 1'000);
    runner_->opened(*core_, false);
    core_->commit();
    in_ = core_->lane(Direction::up, "policy/records");
    out_ = core_->lane(Direction::down, "default");
  }

  void give(AppendGroup& group) {
    if (core_->append(group) != AppendResult::stored) throw std::runtime_error("no room");
    turn();
  }
  // What the journal's thread does until every input has been decided.
  void turn() {
    while (core_->lanes()[in_ - 1U].backlog() > 0) {
      runner_->prepare(*core_, now());
      if (core_->must_commit()) core_->commit();
      core_->checkpoint(Database::Sync::later);
      while (core_->uncommitted_bytes() < bytes_per_turn &&
             runner_->step(*core_, watchdog_, boottime_ms())) {
      }
      forward();
    }
    if (boottime_ms() - maintained_ms_ < 1'000) return;
    maintained_ms_ = boottime_ms();
    core_->maintain();
  }
  LaneId inputs() const { return in_; }
  std::uint64_t failures() const { return runner_->failures(); }

 private:
  // As a forwarder whose broker accepts everything.
  void forward() {
    const LaneState& lane = core_->lanes()[out_ - 1U];
    Progress crossed;
    crossed.lane = out_;
    crossed.parts.push_back(
        {lane.cursor + 1, lane.next - 1, lane.backlog_bytes(), Fate::forwarded});
    if (lane.backlog() > 0) core_->progress(std::move(crossed));
  }

  std::unique_ptr<JournalCore> core_;
  std::unique_ptr<Runner> runner_;
  Watchdog watchdog_{[](const std::string&) {}};
  LaneId in_ = 0, out_ = 0;
  std::int64_t maintained_ms_ = 0;
};

struct Edits {
  LaneId lane;
  std::uint64_t number = 0;

  void add(AppendGroup& group, std::size_t record, int base, const std::string& payload) {
    const auto name = std::to_string(number++);
    const auto id = "site-a/0123456789abcdef/default/" + name;
    const auto stamp = std::to_string(1'763'971'200'000 + number) + "-0-site-a";
    std::string properties;
    const auto user = [&](std::string_view key, std::string_view value) {
      append_property(properties, {PropertyId::user_property, 0, key, value});
    };
    user("op", id);
    user("base", std::to_string(base));
    user("base-quality", "inferred");
    user("hlc", stamp);
    user("u", "40");
    user("kind", "patch");
    const auto offset = group.bytes.size();
    encode_record({"edits/customer-" + std::to_string(record), payload, properties,
                   Qos::at_least_once, false},
                  {}, false, group.bytes);
    group.entries.push_back({lane, offset, group.bytes.size() - offset});
    ++group.received;
  }
};

void run(std::size_t records, std::size_t decisions, JournalSettings::Sync sync) {
  std::string directory = std::filesystem::temp_directory_path() / "conflict-bench-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) throw std::runtime_error("no directory");
  {
    Authority authority(directory, sync);
    Edits edits{authority.inputs()};
    std::string whole = "{";
    for (int i = 0; i < 16; ++i) {
      whole += (i > 0 ? ",\"field" : "\"field") + std::to_string(i) + "\":\"" +
               std::string(50, 'x') + '"';
    }
    whole += '}';
    std::vector<int> versions(records, -1);
    std::uint64_t random = 88172645463325252ULL;
    const auto phase = [&](const char* name, std::size_t count, bool make) {
      const auto wall = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
      const auto bytes = written_bytes();
      for (std::size_t done = 0; done < count;) {
        AppendGroup group;
        for (std::size_t i = 0; i < group_inputs && done < count; ++i, ++done) {
          random ^= random << 13;
          random ^= random >> 7;
          random ^= random << 17;
          const auto record = make ? done : random % records;
          edits.add(group, record, versions[record]++,
                    make ? whole : R"({"field)" + std::to_string(random % 16) + R"(":"value"})");
        }
        authority.give(group);
      }
      rusage usage{};
      getrusage(RUSAGE_SELF, &usage);
      const auto took = now_s(CLOCK_MONOTONIC) - wall;
      const auto n = static_cast<double>(count);
      std::printf(
          "%-8s %8zu decisions: %7.0f/s, %7.0f/s of processor time, %6.0f bytes written "
          "each, peak %ld MiB, %lu failed\n",
          name, count, n / took, n / (now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu),
          static_cast<double>(written_bytes() - bytes) / n, usage.ru_maxrss / 1024,
          static_cast<unsigned long>(authority.failures()));
      std::fflush(stdout);
    };
    phase("inserts", records, true);
    phase("edits", decisions, false);
    std::uintmax_t size = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory))
      size += file.file_size();
    std::printf("on disk: %.0f MiB, %.0f bytes a record\n", static_cast<double>(size) / (1 << 20),
                static_cast<double>(size) / static_cast<double>(records));
  }
  std::filesystem::remove_all(directory);
}

}  // namespace

}  // namespace bascule::test

int main(int count, char** words) {
  const std::size_t records = count > 1 ? std::stoul(words[1]) : 100'000;
  const std::size_t decisions = count > 2 ? std::stoul(words[2]) : 100'000;
  const bool full = count <= 3 || std::string_view(words[3]) == "full";
  using Sync = bascule::JournalSettings::Sync;
  bascule::test::run(records, decisions, full ? Sync::full : Sync::normal);
}
