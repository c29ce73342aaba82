#include "forwarder/lane/lane_reader.hpp"

#include <algorithm>
#include <utility>

#include "clock.hpp"

namespace bascule {
namespace {

// Enough that the journal is asked once for hundreds of small messages.
constexpr std::size_t portion_bytes = 256 << 10;

}  // namespace

LaneReader::LaneReader(Journal& journal, Loop& loop, const LanePosition& from,
                       SequenceSet in_flight, std::function<void()> ready)
    : journal_(journal),
      answers_(loop),
      lane_(from.id),
      cursor_(from.cursor),
      skip_(from.done),
      in_flight_(std::move(in_flight)),
      next_(from.cursor + 1),
      ready_(std::move(ready)) {
  for (const SequenceRange& range : in_flight_.ranges()) skip_.add(range.first, range.last);
  if (from.replay_next != 0) {
    next_ = from.replay_next;
    replay_last_ = from.replay_last;
    replay_skips_ = from.replay_skips;
  }
  asked_ = next_;
}

bool LaneReader::wanted(std::uint64_t sequence) const {
  if (sequence < next_) return false;
  const bool open = sequence > cursor_ && !skip_.contains(sequence);
  if (replay_last_ == 0 || sequence > replay_last_) return open;
  return !in_flight_.contains(sequence) && (open || !replay_skips_.contains(sequence));
}

const LaneItem* LaneReader::front() {
  while (!item_) {
    if (portions_.empty()) {
      request();
      next_ = asked_;
      return nullptr;
    }
    const Journal::Portion& portion = portions_.front();
    const Batch& batch = *portion.batch;
    if (!reader_) {
      reader_.emplace(batch.lane, batch.first, batch.chain, batch.data,
                      RecordReader::Check::lengths);
    }
    if (const auto record = reader_->next()) {
      if (!wanted(record->sequence)) {
        next_ = std::max(next_, record->sequence + 1);
        continue;
      }
      next_ = record->sequence;  // what is missing before it was given up
      item_ =
          LaneItem{*record, portion.batch, portion.captured_wall_ms, portion.captured_boottime_ms};
    } else {
      reader_.reset();
      portions_.pop_front();
    }
    if (portions_.size() <= 1) request();  // ahead of what is sent
  }
  return &*item_;
}

LaneItem LaneReader::take() {
  next_ = item_->record.sequence + 1;
  LaneItem taken = std::move(*item_);
  item_.reset();
  return taken;
}

void LaneReader::request() {
  if (asking_) return;
  // Between the end of a replay and the cursor lies what has crossed.
  if (asked_ > replay_last_ && asked_ <= cursor_) asked_ = cursor_ + 1;
  asking_ = true;
  journal_.read(lane_, asked_, portion_bytes,
                answers_.to([this](std::vector<Journal::Portion> portions) {
                  arrived(std::move(portions));
                }));
}

void LaneReader::arrived(std::vector<Journal::Portion> portions) {
  asking_ = false;
  for (Journal::Portion& portion : portions) {
    asked_ = portion.batch->last() + 1;
    portions_.push_back(std::move(portion));
  }
  ready_();
}

}  // namespace bascule
