#include "replay/policy_inputs.hpp"

#include <stdexcept>

#include "base64.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr int inputs_per_answer = 2'000;
constexpr std::size_t bytes_per_answer = 4 << 20;

// The decided inputs of one direction, one after the other.
class Decided {
 public:
  Decided(JournalCore& core, LaneId lane, std::uint64_t known)
      : core_(core),
        lane_(core.lanes().at(lane - 1U)),
        decisions_(core.store().policies().decisions(lane, known + 1, inputs_per_answer)) {
    find();
  }

  const Decision* next() const { return at_ < decisions_.size() ? &decisions_[at_] : nullptr; }

  json take() {
    const Decision& decision = decisions_[at_++];
    bytes += record_.size();
    json answer = {{"direction", to_string(lane_.direction)},
                   {"number", decision.sequence},
                   {"record", to_base64(record_)},
                   {"boot", batch_->boot},
                   {"captured_ms", batch_->captured_ms},
                   {"wall_ms", decision.wall_ms},
                   {"clock_trusted", decision.clock_trusted},
                   {"verdict", decision.verdict}};
    find();
    return answer;
  }

  std::size_t bytes = 0;  // taken

 private:
  // Finds the record of the next decision; decisions whose record is damaged or gone are skipped.
  void find() {
    for (; at_ < decisions_.size(); ++at_) {
      const std::uint64_t number = decisions_[at_].sequence;
      if (batch_ == nullptr || batch_->last() < number) open(number);
      while (reader_ && reader_->next_sequence() <= number) {
        const std::uint64_t here = reader_->next_sequence();
        const auto record = reader_->next();
        if (!record) break;
        if (here == number) {
          record_ = std::string_view(batch_->data).substr(offset_, record->size);
          offset_ += record->size;
          return;
        }
        offset_ += record->size;
      }
    }
  }

  void open(std::uint64_t number) {
    reader_.reset();
    offset_ = 0;
    batch_ = core_.store().batches().read(lane_.id, number);
    if (batch_ == nullptr || batch_->first > number) return;
    reader_.emplace(lane_.id, batch_->first, batch_->chain, batch_->data,
                    RecordReader::Check::lengths);
  }

  JournalCore& core_;
  const LaneState& lane_;
  std::vector<Decision> decisions_;
  std::size_t at_ = 0;
  BatchPtr batch_;
  std::optional<RecordReader> reader_;
  std::size_t offset_ = 0;  // in the batch, of the reader
  std::string_view record_;
};

std::uint64_t first_of(JournalCore& core, LaneId lane) {
  const auto decisions = core.store().policies().decisions(lane, 0, 1);
  return decisions.empty() ? 0 : decisions.front().sequence;
}

}  // namespace

json policy_inputs_answer(JournalCore& core, const std::string& policy, std::uint64_t known_up,
                          std::uint64_t known_down) {
  const LaneId up = core.lane(Direction::up, input_lane(policy));
  const LaneId down = core.lane(Direction::down, input_lane(policy));
  if (up == 0 || down == 0) {
    throw std::invalid_argument("there is no policy '" + policy +
                                "'; 'bascule policy list' names them");
  }
  Decided rising(core, up, known_up);
  Decided falling(core, down, known_down);
  json inputs = json::array();
  while (inputs.size() < inputs_per_answer && rising.bytes + falling.bytes < bytes_per_answer) {
    const Decision* above = rising.next();
    const Decision* below = falling.next();
    if (above == nullptr && below == nullptr) break;
    // What was decided after fewer of the other direction than are known comes first.
    const bool rises =
        below == nullptr || (above != nullptr && above->after <= below->sequence - 1);
    inputs.push_back(rises ? rising.take() : falling.take());
  }
  return {{"inputs", std::move(inputs)},
          {"epoch", core.epoch()},
          {"first", {{"up", first_of(core, up)}, {"down", first_of(core, down)}}},
          {"decided",
           {{"up", core.lanes().at(up - 1U).cursor}, {"down", core.lanes().at(down - 1U).cursor}}}};
}

}  // namespace bascule
