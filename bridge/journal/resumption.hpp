// Where forwarders go on when a link is up: what the far broker has, compared with what it once had
// (P6). Journal's thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "journal/batch_reader.hpp"
#include "journal/books.hpp"
#include "journal/epoch.hpp"
#include "journal/far_knowledge.hpp"
#include "journal/sessions.hpp"
#include "journal/transaction.hpp"

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
  Claims claims;
  std::vector<HeldTopic> held;
  // Of the claims those of held messages, with their topics.
  std::vector<std::pair<std::uint64_t, std::string>> held_claims;
};

class Resumption {
 public:
  Resumption(Transaction& transaction, Books& books, Epoch& epoch, Sessions& sessions,
             BatchReader& reader)
      : transaction_(transaction),
        books_(books),
        epoch_(epoch),
        sessions_(sessions),
        reader_(reader) {}

  std::vector<LanePosition> positions(Direction direction, const FarKnowledge& far);

 private:
  void compare(LaneState& lane, const FarKnowledge& far);
  void accept(LaneState& lane, const FarKnowledge& far, std::uint64_t bookmark);
  void replay(LaneState& lane, std::uint64_t first, std::uint64_t last);

  Transaction& transaction_;
  Books& books_;
  Epoch& epoch_;
  Sessions& sessions_;
  BatchReader& reader_;
};

}  // namespace bascule
