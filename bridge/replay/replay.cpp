#include "replay/replay.hpp"

#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "message/own.hpp"
#include "policy/host_functions.hpp"
#include "policy/input.hpp"
#include "text/number.hpp"

namespace bascule {
namespace {

constexpr int steps_per_commit = 1'000;
// Of one wake: how many of the times that it was moved are remembered.
constexpr std::size_t moves_max = 16;
// Numbers for inputs that the journal does not have.
constexpr std::uint64_t own_wakes_from = std::uint64_t{1} << 47;

JournalSettings scratch_settings(const std::string& directory) {
  JournalSettings settings;
  settings.data_dir = directory;
  settings.sync = JournalSettings::Sync::normal;
  settings.min_free_bytes = 64 << 20;
  return settings;
}

std::int64_t number_in(std::string_view text) {
  return parse_number<std::int64_t>(text).value_or(-1);
}

}  // namespace

// A directory that is gone when this is.
class Replay::Scratch {
 public:
  Scratch() : path_((std::filesystem::temp_directory_path() / "bascule-replay-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) {
      throw std::runtime_error("cannot make a directory for the replay's state: " + path_ +
                               "; set TMPDIR to where there is room");
    }
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Replay::Replay(std::unique_ptr<Instance> instance, StepContext context,
               std::vector<LaneSettings> lanes, std::string epoch)
    : instance_(std::move(instance)),
      context_(std::move(context)),
      epoch_(std::move(epoch)),
      scratch_(std::make_unique<Scratch>()),
      core_(std::make_unique<JournalCore>(scratch_settings(scratch_->path()), context_.bridge_id,
                                          std::move(lanes))) {
  context_.policy = core_->lane(Direction::up, input_lane(context_.name));
}

Replay::~Replay() = default;

bool Replay::asked_for(const Record& record) {
  if (record.kind == InputKind::resolution) {
    // A word, and no number: it is no case that somebody wants something done of.
    const std::int64_t number = number_in(record.message.topic);
    if (number < 0) return true;
    const auto found = core_->store().policies().find_case(number);
    return found && found->state != Case::State::closed;
  }
  if (record.kind != InputKind::wake) return true;
  const std::string name(record.message.topic);
  const auto asked = asked_.find(name);
  const std::int64_t at_ms = number_in(record.message.payload);
  if (asked == asked_.end() || asked->second.erase(at_ms) == 0) return false;
  if (asked->second.empty()) asked_.erase(asked);
  // If it has been moved meanwhile, the other time stays.
  for (const auto& [waiting, wall_ms] : core_->store().policies().wakes(context_.policy, 1'000)) {
    if (waiting != name || wall_ms != at_ms) continue;
    core_->change().policies().save_wake(context_.policy, name, 0);
    next_wake_.reset();
  }
  return true;
}

std::optional<Redecision> Replay::decide(const PastInput& input) {
  RecordReader reader(0, input.number, 0, input.record, RecordReader::Check::lengths);
  const auto record = reader.next();
  if (!record) throw std::runtime_error("an input cannot be read: " + std::to_string(input.number));
  if (!asked_for(*record)) return std::nullopt;
  return run(*record, input);
}

std::optional<Replay::Wake> Replay::next_wake() {
  if (!next_wake_) {
    next_wake_.emplace();
    for (auto& [name, at_ms] : core_->store().policies().wakes(context_.policy, 1)) {
      next_wake_->emplace(Wake{std::move(name), at_ms});
    }
  }
  return *next_wake_;
}

Redecision Replay::wake(const Wake& wake, const PastInput& like) {
  const std::string at = std::to_string(wake.at_ms);
  PastInput input = like;
  input.direction = Direction::down;
  input.number = own_wakes_from + own_wakes_++;
  input.wall_ms = wake.at_ms;
  input.captured_ms -= like.wall_ms - wake.at_ms;
  Record record;
  record.sequence = input.number;
  record.message = own_message(wake.name, at);
  record.kind = InputKind::wake;
  asked_for(record);
  return run(record, input);
}

Redecision Replay::run(const Record& record, const PastInput& input) {
  Batch batch;
  batch.boot = input.boot;
  batch.captured_ms = input.captured_ms;
  LaneState lane;
  lane.direction = input.direction;
  lane.name = input_lane(context_.name);
  Step step(*core_, context_, input.wall_ms);
  const Input given(lane, batch, record, context_.bridge_id, epoch_, input.wall_ms,
                    input.clock_trusted);
  Redecision made;
  made.failure = step.failure(instance_->decide(as_handle(step), given.raw()));
  if (!made.failure.empty()) return made;
  step.keep();
  for (const auto& [name, at_ms] : step.wakes()) {
    next_wake_.reset();
    if (at_ms == 0) continue;
    std::set<std::int64_t>& times = asked_[name];
    times.insert(at_ms);
    if (times.size() > moves_max) times.erase(times.begin());
  }
  made.verdict = step.verdict();
  made.cases = step.opened();
  made.emitted = step.output_bytes();
  for (const Append& output : step.outputs()) {
    made.emitted.append(reinterpret_cast<const char*>(&output.lane), sizeof output.lane);
  }
  if (++uncommitted_ >= steps_per_commit) {
    uncommitted_ = 0;
    core_->commit();
  }
  return made;
}

}  // namespace bascule
