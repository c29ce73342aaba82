#include "replay/past_inputs.hpp"

#include <stdexcept>

#include "base64.hpp"
#include "text/fields.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::size_t look_ahead = 4'000;

PastInputs::One read_input(const json& answer) {
  PastInputs::One one;
  PastInput& input = one.input;
  input.direction = text_of(answer, "direction") == "down" ? Direction::down : Direction::up;
  input.number = count_of(answer, "number");
  input.record = from_base64(text_of(answer, "record")).value_or("");
  input.boot = static_cast<int>(count_of(answer, "boot"));
  input.captured_ms = static_cast<std::int64_t>(count_of(answer, "captured_ms"));
  input.wall_ms = static_cast<std::int64_t>(number_of(answer, "wall_ms"));
  input.clock_trusted = answer.value("clock_trusted", false);
  one.verdict = text_of(answer, "verdict");
  if (!one.verdict.empty()) {
    one.quarantined = json::parse(one.verdict, nullptr, false).contains("quarantined");
  }
  RecordReader reader(0, input.number, 0, input.record, RecordReader::Check::lengths);
  const auto record = reader.next();
  if (!record) throw std::runtime_error("the daemon's answer has an input that is no record");
  one.kind = record->kind;
  one.topic = record->message.topic;
  if (one.kind == InputKind::wake) one.payload = record->message.payload;
  return one;
}

}  // namespace

PastInputs::PastInputs(const Past& past, std::string policy)
    : past_(past), policy_(std::move(policy)) {
  fetch();
}

bool PastInputs::fetch() {
  if (at_end_) return false;
  const json page = past_.inputs(policy_, known_[Direction::up], known_[Direction::down]);
  const json& inputs = part_of(page, "inputs");
  if (epoch_.empty()) {
    epoch_ = text_of(page, "epoch");
    for (const char* direction : {"up", "down"}) {
      const std::uint64_t first = count_of(part_of(page, "first"), direction);
      const std::uint64_t decided = count_of(part_of(page, "decided"), direction);
      from_the_start_ = from_the_start_ && (first == 1 || (first == 0 && decided == 0));
      if (first > 0) total_ += decided - first + 1;
    }
  }
  for (const json& one : inputs) {
    ahead_.push_back(read_input(one));
    const One& added = ahead_.back();
    known_[added.input.direction] = added.input.number;
    if (added.kind == InputKind::wake) wakes_.emplace(added.topic, added.payload);
  }
  at_end_ = inputs.empty();
  return !at_end_;
}

const PastInputs::One* PastInputs::next() {
  if (current_.kind == InputKind::wake) {
    if (const auto found = wakes_.find({current_.topic, current_.payload}); found != wakes_.end()) {
      wakes_.erase(found);
    }
  }
  while (ahead_.size() < look_ahead && fetch()) {
  }
  if (ahead_.empty()) return nullptr;
  current_ = std::move(ahead_.front());
  ahead_.pop_front();
  return &current_;
}

bool PastInputs::will_come(const Replay::Wake& wake) const {
  return wakes_.contains({wake.name, std::to_string(wake.at_ms)});
}

}  // namespace bascule
