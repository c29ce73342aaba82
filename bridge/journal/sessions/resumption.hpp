// Where forwarders go on when a link is up: what the far broker has, compared with what it once had
// (P6). Journal's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/backlog/batch_reader.hpp"
#include "journal/backlog/retention.hpp"
#include "journal/books/books.hpp"
#include "journal/books/transaction.hpp"
#include "journal/sessions/epoch.hpp"
#include "journal/sessions/far_knowledge.hpp"
#include "journal/sessions/sessions.hpp"

namespace bascule {

// Where a forwarder goes on in one lane.
struct LanePosition {
  LaneId id = 0;
  Direction direction = Direction::up;
  std::string name;
  LaneSettings settings;
  std::uint64_t cursor = 0;
  SequenceSet done;
  std::uint64_t replay_next = 0, replay_last = 0;
  SequenceSet replay_skips;  // but for these, where they have their fate
  bool lost_again = false;   // the far broker was just found to have lost what is to be sent again
  bool another = false;      // it is another broker than before, and what waits is new to it
  Evidence evidence = Evidence::none;  // for what the broker has lost, or has not
  // From here on its bookmark says that it has nothing, and its session that it has; 0: not so.
  std::uint64_t overruled = 0;
  Claims claims;
  std::vector<HeldTopic> held;
  // Of the claims those of held messages, with their topics.
  std::vector<std::pair<std::uint64_t, std::string>> held_claims;
};

// Whether the far broker was found to have lost something of one of them.
bool lost_something(const std::vector<LanePosition>& lanes);

// What is sent again by command.
struct ReplayAnswer {
  std::uint64_t messages = 0, first = 0, last = 0;
  std::uint64_t gone = 0;  // asked for, and not stored any more
};

class Resumption {
 public:
  Resumption(Transaction& transaction, Books& books, Epoch& epoch, Sessions& sessions,
             BatchReader& reader, const Retention& retention, const Timeline& timeline)
      : transaction_(transaction),
        books_(books),
        epoch_(epoch),
        sessions_(sessions),
        reader_(reader),
        retention_(retention),
        timeline_(timeline) {}

  std::vector<LanePosition> positions(Direction direction, const FarKnowledge& far);
  // The number of the connection of which `far` was learned, for its bookmarks. It is higher than
  // that of any of which one was read back.
  std::uint64_t connection(Direction direction, const FarKnowledge& far);
  // Whether the bookmark there is of another bridge with the same id, which has written it over
  // ours: it is of an epoch that never was this journal's, and ours was read back there before.
  bool namesake(Direction direction, const FarKnowledge& far);

  // What has had its fate in the lane is to be sent again, where it is still stored: of a range, or
  // all that the ledger calls lost by the far broker, which it is no longer then. The forwarder has
  // to ask for its positions again. Throws std::invalid_argument before anything changed.
  ReplayAnswer replay(LaneId lane, const std::optional<SequenceRange>& range);

 private:
  // What the far broker is found to have of a lane.
  enum class Finding : std::uint8_t { as_known, lost, still_online, overruled, another };

  Finding compare(LaneState& lane, const FarKnowledge& far, bool session_lost);
  static Evidence evidence_of(Finding finding);
  bool older(Direction direction, const FarKnowledge& far);
  bool still_online(const FarKnowledge& far) const;
  bool overrules(const LaneState& lane, const FarKnowledge& far) const;
  void begin_elsewhere(LaneState& lane, const FarKnowledge& far);
  bool resend(LaneState& lane, std::uint64_t first, std::uint64_t last);
  void accept(LaneState& lane, const FarKnowledge& far, std::uint64_t bookmark);
  static void add(SequenceSet& set, const std::vector<SequenceRange>& ranges);
  std::uint64_t oldest_stored(const LaneState& lane);
  void send_again(LaneState& lane, const std::vector<SequenceRange>& ranges);
  bool tell(LaneState& lane, const SequenceSet& lost, const char* reason);

  Transaction& transaction_;
  Books& books_;
  Epoch& epoch_;
  Sessions& sessions_;
  BatchReader& reader_;
  const Retention& retention_;
  const Timeline& timeline_;
};

}  // namespace bascule
