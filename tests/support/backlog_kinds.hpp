// Kinds of lanes and limits, each with so many messages waiting, and what happens over and over in
// such a lane. For the test and the bench of P7: what it costs is not to depend on how many wait.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "journal/core.hpp"
#include "message/lane.hpp"

namespace bascule::test {

class Backlog {
 public:
  static constexpr std::size_t payload_bytes = 200;
  // Of a record with a topic as below: what the limits of the kinds are made of.
  static constexpr std::uint64_t record_bytes = record_header_bytes + 24 + payload_bytes;

  Backlog(JournalCore& core, const std::string& lane)
      : core_(core), lane_(core.lane(Direction::up, lane)) {}

  static std::string topic(int number) {
    return "stores/42/device/" + std::to_string(1'000'000 + number);
  }

  // One commit.
  void put(int first, int count, int step = 1) {
    AppendGroup group;
    for (int i = 0; i < count; ++i) {
      const std::string name = topic(first + i * step);
      const std::size_t offset = group.bytes.size();
      encode_record({name, payload_, {}, Qos::at_least_once, false}, {}, false, group.bytes);
      group.entries.push_back({lane_, offset, group.bytes.size() - offset});
    }
    group.received = static_cast<std::uint64_t>(count);
    if (core_.append(group) != AppendResult::stored) throw std::runtime_error("no room");
    core_.commit();
  }
  void put_all(int count, int step = 1) {
    for (int first = 0; first < count; first += 100 * step) put(first, 100, step);
  }
  // The message crosses, or is held since its topic is refused.
  void cross(std::uint64_t sequence) {
    Progress progress;
    progress.lane = lane_;
    progress.parts.push_back({sequence, sequence, record_bytes, Fate::forwarded});
    core_.progress(std::move(progress));
  }
  void hold(std::uint64_t sequence, int topic_number) {
    Progress progress;
    progress.lane = lane_;
    const std::string name = topic(topic_number);
    HeldRow row;
    row.place = {lane_, sequence};
    row.topic = name;
    encode_record({name, payload_, {}, Qos::at_least_once, false}, {}, false, row.record);
    progress.held.push_back({std::move(row), "not authorized (0x87)", false});
    core_.progress(std::move(progress));
  }
  const LaneState& state() const { return core_.lanes().at(lane_ - 1U); }
  JournalCore& core() { return core_; }

 private:
  JournalCore& core_;
  LaneId lane_;
  std::string payload_ = std::string(payload_bytes, 'x');
};

struct BacklogKind {
  const char* name;
  std::function<void(LaneSettings&, int waiting)> settings;
  std::function<void(Backlog&, int waiting)> fill;
  // Once more, the turn-th time; with its commit.
  std::function<void(Backlog&, int waiting, int turn)> once;
};

inline std::vector<BacklogKind> backlog_kinds() {
  const auto plain = [](LaneSettings&, int) {};
  const auto all = [](Backlog& backlog, int waiting) { backlog.put_all(waiting); };
  const auto one_more = [](Backlog& backlog, int waiting, int turn) {
    backlog.put(waiting + turn, 1);
  };
  const auto limit = [](WhenFull rule) {
    return [rule](LaneSettings& lane, int waiting) {
      lane.when_full = rule;
      lane.max_size_bytes = static_cast<std::uint64_t>(waiting) * Backlog::record_bytes;
    };
  };
  const auto newest = [](LaneSettings& lane, int) { lane.keep = Keep::latest; };
  // Spread over all topics.
  const auto replaced = [](Backlog& backlog, int waiting, int turn) {
    backlog.put(static_cast<int>(turn * 7'919LL % (waiting / 2)) * 2 + 1, 1);
  };
  return {
      {"keep: all", plain, all, one_more},
      {"keep: all, one crosses for each that comes", plain, all,
       [](Backlog& backlog, int waiting, int turn) {
         backlog.cross(backlog.state().cursor + 1);
         backlog.put(waiting + turn, 1);
       }},
      {"keep: all, every second one has crossed", plain,
       [](Backlog& backlog, int waiting) {
         backlog.put_all(2 * waiting);
         for (int i = 2; i <= 2 * waiting; i += 2) {
           backlog.cross(static_cast<std::uint64_t>(i));
           if (i % 1'000 == 0) backlog.core().commit();
         }
         backlog.core().commit();
       },
       [](Backlog& backlog, int waiting, int turn) {
         backlog.put(2 * waiting + 2 * turn, 2);
         backlog.cross(backlog.state().next - 1);
         backlog.core().commit();
       }},
      {"ttl", [](LaneSettings& lane, int) { lane.ttl_ms = 86'400'000; }, all, one_more},
      {"priority, rate and hours",
       [](LaneSettings& lane, int) {
         lane.priority = 9;
         lane.rate.messages_per_s = 1;
         lane.hours = Hours{};
       },
       all, one_more},
      {"max_size, drop-oldest, full", limit(WhenFull::drop_oldest), all, one_more},
      {"max_size, drop-newest, full", limit(WhenFull::drop_newest), all, one_more},
      {"keep: latest, one is replaced", newest, all, replaced},
      {"keep: latest, with holes", newest,
       [](Backlog& backlog, int waiting) {
         backlog.put_all(waiting);
         backlog.put_all(waiting, 2);
       },
       replaced},
      {"keep: latest, a new topic", newest, all, one_more},
      {"held: one topic is refused", plain,
       [](Backlog& backlog, int waiting) {
         backlog.put_all(waiting);
         for (int i = 0; i < waiting; ++i) {
           backlog.hold(static_cast<std::uint64_t>(i) + 1, 0);
           if (i % 1'000 == 999) backlog.core().commit();
         }
       },
       [](Backlog& backlog, int waiting, int turn) {
         backlog.put(waiting + turn, 1);
         backlog.hold(backlog.state().next - 1, 0);
         backlog.core().commit();
       }},
  };
}

}  // namespace bascule::test
