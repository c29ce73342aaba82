// The journal: what an append costs with its commit, by the number of messages in the group; at
// both levels of sync, on the file system of the temporary directory (TMPDIR).
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "journal/core.hpp"

namespace bascule {
namespace {

class Directory {
 public:
  Directory() {
    std::string name = std::filesystem::temp_directory_path() / "bascule-bench-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

AppendGroup group_of(std::int64_t count) {
  AppendGroup group;
  const std::string payload(200, 'x');
  const Message message{"stores/store-42/pos/till-1/sale", payload, {}, Qos::at_least_once, false};
  for (std::int64_t i = 0; i < count; ++i) {
    const std::size_t offset = group.bytes.size();
    encode_record(message, {1, static_cast<std::uint16_t>(i % 65'535 + 1), 0}, false, group.bytes);
    group.entries.push_back({1, offset, group.bytes.size() - offset});
  }
  group.received = static_cast<std::uint64_t>(count);
  return group;
}

void append(benchmark::State& state, JournalSettings::Sync sync) {
  const Directory directory;
  JournalSettings settings;
  settings.data_dir = directory.path();
  settings.sync = sync;
  JournalCore core(settings, "store-42", {});
  AppendGroup group = group_of(state.range(0));
  for (auto _ : state) {
    if (core.append(group) != AppendResult::stored) {
      state.SkipWithError("the journal is full");
      break;
    }
    core.commit();
    core.checkpoint();
    // As a forwarder does; what has crossed may be given up when there is no more room.
    Progress crossed;
    crossed.lane = 1;
    const std::uint64_t last = core.lanes().front().next - 1;
    const auto count = static_cast<std::uint64_t>(state.range(0));
    crossed.parts.push_back({last - count + 1, last, group.bytes.size(), Fate::forwarded});
    core.progress(std::move(crossed));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(append, sync_full, JournalSettings::Sync::full)
    ->RangeMultiplier(8)
    ->Range(1, 512);
BENCHMARK_CAPTURE(append, sync_normal, JournalSettings::Sync::normal)
    ->RangeMultiplier(8)
    ->Range(1, 512);

}  // namespace
}  // namespace bascule

BENCHMARK_MAIN();
