// A journal in a test: a directory of its own, short ways to put messages in and take them out, and
// a look at the file behind the journal's back.
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "journal/core.hpp"
#include "journal/store/sqlite/log_sectors.hpp"

namespace bascule::test {

// Gone with everything in it at the end of its scope; in memory, where there is such a place.
class Directory {
 public:
  Directory() {
    const bool memory = ::access("/dev/shm", W_OK) == 0;
    std::string name = std::string(memory ? "/dev/shm" : "/tmp") + "/bascule-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory for the test");
    path_ = name;
  }
  ~Directory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Directory(Directory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Directory& operator=(Directory&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }

  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/journal.db"; }

  // What kill -9 leaves: the files as they are now, while the journal is open.
  Directory copy() const {
    Directory other;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      std::filesystem::copy_file(entry.path(), other.path_ / entry.path().filename());
    }
    return other;
  }

 private:
  std::string path_;
};

inline JournalSettings journal_settings(const Directory& directory) {
  JournalSettings settings;
  settings.data_dir = directory.path();
  settings.min_free_bytes = 0;
  return settings;
}

inline LaneSettings lane_settings(const std::string& name) {
  LaneSettings settings;
  settings.name = name;
  return settings;
}

inline JournalCore open_journal(const Directory& directory, std::vector<LaneSettings> lanes = {}) {
  return {journal_settings(directory), "store-42", std::move(lanes)};
}

// A message to append.
struct Put {
  LaneId lane = 1;
  std::string topic = "t", payload = "p";
  Receipt receipt = {};
  std::string properties = {};
  bool duplicate = false, replayed = false, retain = false, stamped = false;

  std::uint64_t bytes() const {
    return record_header_bytes + topic.size() + properties.size() + payload.size();
  }
};

inline AppendGroup group_of(const std::vector<Put>& messages, Direction direction = Direction::up) {
  AppendGroup group;
  group.direction = direction;
  group.received = messages.size();
  for (const Put& put : messages) {
    const std::size_t offset = group.bytes.size();
    encode_record({put.topic, put.payload, put.properties, Qos::at_least_once, put.retain},
                  put.receipt, put.stamped, group.bytes);
    Append entry{put.lane, offset, group.bytes.size() - offset, put.duplicate};
    if (put.retain) {
      entry.arrival = put.replayed ? Arrival::replayed : Arrival::live;
      entry.retained = true;
      entry.topic_at = group.bytes.size();
      entry.topic_length = put.topic.size();
      group.bytes += put.topic;
    }
    group.entries.push_back(entry);
  }
  return group;
}

inline AppendResult append(JournalCore& core, const std::vector<Put>& messages) {
  AppendGroup group = group_of(messages);
  return core.append(group);
}

inline void store(JournalCore& core, const std::vector<Put>& messages) {
  REQUIRE(append(core, messages) == AppendResult::stored);
  core.commit();
}

// The lane takes `count` messages of one byte each, one batch each.
inline void fill(JournalCore& core, int count, LaneId lane = 1) {
  for (int i = 0; i < count; ++i) store(core, {{lane, "t", std::string(1, 'a' + i % 26)}});
}

struct Got {
  std::uint64_t sequence = 0;
  std::string topic, payload;
  bool operator==(const Got&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Got& got) {
  return out << got.sequence << ' ' << got.topic << ' ' << got.payload.substr(0, 40);
}

inline const LaneState& lane_of(const JournalCore& core, LaneId lane) {
  return core.lanes().at(lane - 1U);
}

// Everything that a reader gets from `from` on, a little at a time.
inline std::vector<Got> read_all(JournalCore& core, LaneId lane, std::uint64_t from = 1) {
  std::vector<Got> all;
  while (true) {
    const auto batches = core.read(lane, from, 1);
    if (batches.empty()) return all;
    for (const BatchPtr& batch : batches) {
      RecordReader reader(lane, batch->first, batch->chain, batch->data,
                          RecordReader::Check::checksums);
      while (const auto record = reader.next()) {
        if (record->sequence < from) continue;
        all.push_back({record->sequence, std::string(record->message.topic),
                       std::string(record->message.payload)});
      }
      CHECK(reader.ok());
      from = batch->last() + 1;
    }
  }
}

// The backlog, as a forwarder that starts at the cursor sees it.
inline std::vector<Got> read_backlog(JournalCore& core, LaneId lane) {
  std::vector<Got> backlog;
  for (Got& got : read_all(core, lane, lane_of(core, lane).cursor + 1)) {
    if (!lane_of(core, lane).resolved(got.sequence)) backlog.push_back(std::move(got));
  }
  return backlog;
}

inline std::string payloads(const std::vector<Got>& messages) {
  std::string text;
  for (const Got& got : messages) text += got.payload;
  return text;
}

inline Progress told(LaneId lane, std::uint64_t first, std::uint64_t last, std::uint64_t bytes = 0,
                     Fate fate = Fate::forwarded) {
  Progress progress;
  progress.lane = lane;
  progress.parts.push_back({first, last, bytes, fate});
  return progress;
}

inline std::vector<Loss> losses(JournalCore& core) { return core.store().losses().newest(1'000); }

// Of the row of `batch` that begins with the sequence, as FORMAT.md says.
inline std::string batch_id(LaneId lane, std::uint64_t sequence) {
  return std::to_string(LaneSequence{static_cast<LaneId>(32'767 - lane), sequence}.key());
}

inline std::string bytes_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// For SQLite itself, what a crash left in the log goes where it looks for one, as it expects it.
inline void turn_log(const Directory& directory) {
  using namespace log_sectors;
  const std::string log = directory.database() + "-log";
  if (!std::filesystem::exists(log)) return;
  const std::string sectors = bytes_of_file(log);
  std::string usual = sectors.substr(0, log_header_bytes);
  for (std::size_t at = sector_bytes; at + sector_bytes <= sectors.size(); at += sector_bytes) {
    usual.append(sectors, at + kept_bytes, frame_header_bytes).append(sectors, at, kept_bytes);
    usual.append(frame_header_bytes, '\0');
  }
  std::ofstream(directory.database() + "-wal", std::ios::binary) << usual;
  std::filesystem::remove(log);
}

// Runs statements on a closed journal; returns the first column of the last row.
inline std::string sql(const Directory& directory, const std::string& statements) {
  turn_log(directory);
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(directory.database().c_str(), &database) == SQLITE_OK);
  std::string answer;
  char* error = nullptr;
  sqlite3_exec(
      database, statements.c_str(),
      [](void* out, int, char** values, char**) {
        *static_cast<std::string*>(out) = values[0] == nullptr ? "" : values[0];
        return 0;
      },
      &answer, &error);
  const std::string failed = error == nullptr ? "" : error;
  sqlite3_free(error);
  sqlite3_close(database);
  REQUIRE(failed.empty());
  return answer;
}

}  // namespace bascule::test
