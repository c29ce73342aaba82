#include "journal/answers.hpp"

#include <string>
#include <utility>

namespace bascule {

Journal::Positions positions_of(JournalCore& core, Direction direction, const FarKnowledge& far) {
  Journal::Positions positions{.lanes = {}, .epoch = core.epoch()};
  positions.connection = core.connection(direction, far);
  positions.namesake = core.namesake(direction, far);
  positions.lanes = core.positions(direction, far);
  positions.unfamiliar = core.unfamiliar(direction);
  positions.forgotten = core.forgotten(direction) || lost_something(positions.lanes);
  JournalLog::resumed(core, std::exchange(positions.epoch, core.epoch()), positions.lanes);
  positions.losses = core.losses(direction);
  return positions;
}

std::vector<Journal::Portion> portions_of(const JournalCore& core,
                                          const std::vector<BatchPtr>& batches) {
  std::vector<Journal::Portion> portions;
  portions.reserve(batches.size());
  for (const BatchPtr& batch : batches) {
    portions.push_back({batch, core.captured_wall_ms(*batch), boottime_ms() - core.age_ms(*batch)});
  }
  return portions;
}

}  // namespace bascule
