// Distinct topics, each set and cleared as retained values, crossing a journal, for as long as one
// likes: its size has to be flat (P9).
//
//   soak [TOPICS] [latest]     1,000,000 of them; through a lane of keep: latest
//
// Prints a row for each tenth. Before the first one the journal is warmed up: so many topics cross
// that all it keeps for a while (the newest deliveries, free pages) is there. Ends with 1 if the
// file is larger after any tenth than a quarter more than it was then, however few topics there
// are. The journal is in the folder of temporary files (TMPDIR).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "journal/core.hpp"
#include "support/temporary_folder.hpp"

namespace bascule {
namespace {

constexpr int group_size = 500;
constexpr std::int64_t warm_topics = 200'000;  // 400,000 messages, three times what is remembered

class Soak {
 public:
  explicit Soak(bool latest) {
    LaneSettings lane;
    lane.name = "lane";
    if (latest) lane.keep = Keep::latest;
    JournalSettings settings;
    settings.data_dir = folder_.path;
    settings.min_free_bytes = 0;
    settings.max_size_bytes = 64 << 20;
    settings.keep_forwarded_ms = 0;
    core_ = std::make_unique<JournalCore>(settings, "store-42", std::vector{lane});
    lane_ = core_->lane(Direction::up, "lane");
  }

  void set_and_clear(std::int64_t first) {
    for (const char* payload : {"a value that a device retains", ""}) {
      AppendGroup group;
      for (std::int64_t i = first; i < first + group_size; ++i) add(group, i, payload);
      group.received = group_size;
      if (core_->append(group) != AppendResult::stored) throw std::runtime_error("no room");
      core_->commit();
      Progress crossed;
      crossed.lane = lane_;
      const LaneState& lane = core_->lanes().at(lane_ - 1U);
      crossed.parts = {{lane.cursor + 1, lane.next - 1, lane.backlog_bytes(), Fate::forwarded}};
      core_->progress(std::move(crossed));
      core_->commit();
    }
    core_->checkpoint();
    core_->maintain();
  }

  // Of the journal's file, and of what it holds.
  std::uint64_t file_bytes() const {
    return std::filesystem::file_size(folder_.path + "/journal.db");
  }
  std::uint64_t used_bytes() { return core_->report().used_bytes; }
  std::uint64_t values() const { return core_->retained_size(Direction::up).values; }

 private:
  void add(AppendGroup& group, std::int64_t number, const char* payload) const {
    const std::string topic = "stores/42/device/" + std::to_string(number) + "/state";
    Append entry;
    entry.lane = lane_;
    entry.offset = group.bytes.size();
    encode_record({topic, payload, {}, Qos::at_least_once, true}, {}, false, group.bytes);
    entry.length = group.bytes.size() - entry.offset;
    entry.retained = true;
    entry.topic_at = group.bytes.size();
    entry.topic_length = topic.size();
    group.bytes += topic;
    group.entries.push_back(entry);
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<JournalCore> core_;
  LaneId lane_ = 0;
};

void print_row(Soak& soak, std::int64_t topics) {
  std::printf("| %lld | %llu | %llu | %llu |\n", static_cast<long long>(topics),
              static_cast<unsigned long long>(soak.file_bytes() >> 10),
              static_cast<unsigned long long>(soak.used_bytes() >> 10),
              static_cast<unsigned long long>(soak.values()));
  std::fflush(stdout);
}

int soak(std::int64_t topics, bool latest) {
  Soak soak(latest);
  std::printf("| topics | file, KiB | used, KiB | values noted |\n|---:|---:|---:|---:|\n");
  std::int64_t done = 0;
  for (; done < warm_topics; done += group_size) soak.set_and_clear(done);
  const std::uint64_t warm = soak.file_bytes();
  std::uint64_t most = 0;
  print_row(soak, 0);
  for (int tenth = 1; tenth <= 10; ++tenth) {
    for (; done < warm_topics + topics / 10 * tenth; done += group_size) soak.set_and_clear(done);
    most = std::max(most, soak.file_bytes());
    print_row(soak, done - warm_topics);
  }
  return most > warm / 4 * 5 ? 1 : 0;
}

}  // namespace
}  // namespace bascule

int main(int count, char** words) {
  const long long topics = count > 1 ? std::atoll(words[1]) : 1'000'000;
  if (topics < 10) {
    std::fprintf(stderr, "usage: soak [TOPICS] [latest]\n");
    return 2;
  }
  return bascule::soak(topics, count > 2 && std::string(words[2]) == "latest");
}
