// The tables `held` and `held_topic` of FORMAT.md: messages whose topic the far broker refuses,
// whole, by lane, topic and sequence. Owned by the journal's thread; errors are DatabaseError.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/lane/lane_sequence.hpp"
#include "journal/store/sqlite/database.hpp"

namespace bascule {

struct HeldRow {
  LaneSequence place;
  int boot = 0;                  // captured in
  std::int64_t captured_ms = 0;  // boot time in that boot
  std::string topic;
  std::string record;  // as in batch.data
};

// How much of one topic is held.
struct HeldTopic {
  LaneId lane = 0;
  std::string topic;
  std::string reason;  // what the broker said, in words
  std::uint64_t messages = 0, bytes = 0;
  std::int64_t since_ms = 0;  // wall time
};

class HeldTable {
 public:
  explicit HeldTable(Database& database) : database_(database) {}

  bool contains(LaneSequence place);
  bool add(const HeldRow& row);  // false: it is there
  // Takes it away; returns its topic and the record's bytes.
  struct Taken {
    std::string topic;
    std::uint64_t bytes = 0;
  };
  std::optional<Taken> take(LaneSequence place);
  // Of one topic from `from` on, in order: at least one row if there is one, then until
  // `bytes_max`.
  std::vector<HeldRow> read(LaneId lane, std::string_view topic, std::uint64_t from,
                            std::size_t bytes_max);
  std::optional<HeldRow> find(LaneSequence place);
  std::optional<HeldRow> oldest(LaneId lane);  // of all topics
  // Of all topics, oldest first, without what they hold, until `visit` says false.
  struct Head {
    int boot = 0;
    std::int64_t captured_ms = 0;
    std::uint64_t bytes = 0;  // of the record
  };
  void each(LaneId lane, const std::function<bool(const Head&)>& visit);

  std::vector<HeldTopic> topics();
  void save(const HeldTopic& topic);
  void erase(LaneId lane, std::string_view topic);

 private:
  Database& database_;
};

}  // namespace bascule
