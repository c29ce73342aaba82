// What is retained at both sides of a direction, as far as the bridge knows, and what has to cross
// so that the far side comes to have what the source has: RETAINED.md says what that means.
//
// While a comparison is open, a connection of its own brings what the source's broker retains,
// beside what the session brings. Owned by the journal's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "journal/lane/lane_sequence.hpp"
#include "journal/lane/retained_row.hpp"
#include "message/direction.hpp"
#include "message/per_direction.hpp"

namespace bascule {

// The rows of the tables, for Retained alone.
class RetainedRows {
 public:
  virtual ~RetainedRows() = default;
  virtual std::optional<RetainedRow> find(Direction direction, std::string_view topic) = 0;
  virtual void save(Direction direction, std::string_view topic, const RetainedRow& row) = 0;
  virtual void erase(Direction direction, std::string_view topic) = 0;
  // At most `limit` rows, those behind the topic `after`, in the order of their topics.
  using Topics = std::vector<std::pair<std::string, RetainedRow>>;
  virtual Topics behind(Direction direction, std::string_view after, std::size_t limit) = 0;
  // Targets that a topic has left, until they are cleared; with the lane that it was in.
  using FormerTargets = std::map<std::string, LaneId, std::less<>>;
  virtual FormerTargets former(Direction direction) = 0;
  virtual void save_former(Direction direction, std::string_view target, LaneId lane) = 0;
  virtual void erase_former(Direction direction, std::string_view target) = 0;
  // What became of the message there. It is lost if the ledger has it: the far side did not get it,
  // or forgot it.
  enum class Fate : std::uint8_t { waits, crossed, lost };
  virtual Fate fate(LaneSequence place) = 0;
};

// How a retained value came.
enum class Arrival : std::uint8_t {
  live,      // published, as far as the broker's word goes
  replayed,  // a subscription of the session may have brought it
  compared,  // in a comparison
  present,   // likewise, and it is not to cross: the topic is not clear, and that is all
  cleared,   // not at all: a comparison did not find it any more
};

struct RetainedValue {
  Direction direction = Direction::up;
  std::string_view topic;  // at the source
  std::string_view target;
  std::uint32_t digest = 0;     // without its expiry, which counts down
  bool empty = false;           // it has no payload, so that it clears
  bool held = false;            // retained by the source's broker
  bool sets = false;            // is to be retained by the far one
  bool decided = false;         // a policy takes it, so what is at the target is the policy's
  std::int64_t expires_ms = 0;  // as in RetainedRow
};

class Retained {
 public:
  explicit Retained(RetainedRows& rows) : rows_(rows) {}

  // The rows are those of a journal just opened.
  void load();

  // Whether the value is to cross; false: it has, or what came since is newer. One of a comparison
  // is asked about when it comes, and again once the session has brought all that it had under way:
  // then it may cross.
  bool news(const RetainedValue& value, Arrival arrival);
  // It has this place.
  void crosses(const RetainedValue& value, LaneSequence place);

  // A comparison: all that the source's broker retains is asked for; then, portion by portion, what
  // is missing in the answer, topic by topic. From begin() to close() it is noted what comes.
  void begin(Direction direction);
  void close(Direction direction);

  // The source's broker has forgotten what it had: what is missing in the answer was not cleared,
  // and stays as it is over there. Returns how many values that may be.
  std::size_t source_forgot(Direction direction);

  // Where the routes would take a topic now; nothing: nowhere. `sets`: retained there.
  struct Image {
    std::string target;
    bool sets = false;
  };
  using Routes = std::function<std::optional<Image>(std::string_view topic)>;
  struct Missing {
    std::vector<std::string> topics;  // that have to be asked for
    std::string after;                // where to go on
    bool more = false;
    bool blind = false;        // more came meanwhile than can be noted: nothing is known
    std::size_t released = 0;  // are of no route any more: they stay as they are over there
  };
  // The next ones behind the topic `after`. Looks at no more rows than one step may take.
  Missing missing(Direction direction, std::string_view after, std::int64_t wall_ms,
                  const Routes& routes);
  // Of topics that were asked for: those that did not come, so that a clear may cross; and how many
  // came, though the answer before had left them out.
  struct Asked {
    std::vector<std::string> gone;
    std::size_t left_out = 0;
  };
  Asked asked(Direction direction, std::vector<std::string> topics) const;
  // At the end: targets of before that no topic has any more, to be cleared; a portion of them. And
  // that those have been.
  using Targets = std::vector<std::pair<std::string, LaneId>>;
  Targets former(Direction direction) const;
  void cleared_former(Direction direction, const Targets& targets);

 private:
  // What has come since the comparison began, by hash of the topic.
  struct Side {
    bool open = false;
    bool blind = false;                       // more than can be noted
    bool checking = false;                    // `found` is sorted, and over
    std::unordered_set<std::uint64_t> live;   // by the session: as new as any
    std::vector<std::uint64_t> found;         // in the answer to all filters
    std::unordered_set<std::uint64_t> again;  // in the answer to the last portion of topics
  };
  bool known(const RetainedValue& value, const std::optional<RetainedRow>& row);
  bool found(const RetainedValue& value);
  void note_live(const RetainedValue& value);
  void note_found(Side& side, std::uint64_t hash);
  void end_answer(Side& side);
  static bool seen(const Side& side, std::string_view topic);
  void leave(const RetainedValue& value, const RetainedRow& row);
  void forget_former(Direction direction, std::string_view target);

  RetainedRows& rows_;
  PerDirection<Side> sides_;
  PerDirection<RetainedRows::FormerTargets> former_;
};

}  // namespace bascule
