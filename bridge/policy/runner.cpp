#include "policy/runner.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <tuple>

#include "journal/backlog/own_entry.hpp"
#include "message/own.hpp"
#include "policy/host_functions.hpp"
#include "text/json_text.hpp"

namespace bascule {
namespace {

// What one commit begins at the most: after a crash, so many inputs are tried one by one.
constexpr std::uint64_t inputs_begun_max = 512;
constexpr std::int64_t full_retry_ms = 200;
constexpr int wakes_at_once = 100;
constexpr auto never = std::numeric_limits<std::int64_t>::max();

}  // namespace

Runner::Runner(PolicySettings settings, std::unique_ptr<Instance> instance, StepContext context,
               std::int64_t retry_after_ms)
    : settings_(std::move(settings)),
      instance_(std::move(instance)),
      context_(std::move(context)),
      retry_after_ms_(retry_after_ms),
      gate_(settings_.gate) {
  context_.log = &log_;
}

void Runner::opened(JournalCore& core, bool again) {
  for (const Direction direction : {Direction::up, Direction::down}) {
    Lane& lane = lanes_[direction];
    lane = {};
    lane.id = core.lane(direction, input_lane(settings_.name));
    if (again) continue;  // nothing has died
    const auto begun = core.store().policies().begun(lane.id);
    const std::uint64_t head = state(core, lane).cursor + 1;
    if (!begun || begun->attempts == 0 || head > begun->last) continue;
    lane.one_by_one_to = begun->last;
    lane.head = head;
    lane.attempts = head == begun->first ? begun->attempts : 1;
    if (head == begun->first) lane.reason = begun->reason;
    spdlog::warn(
        "policy {}: the bridge ended while it decided about inputs {} {} to {}; "
        "trying them one by one",
        settings_.name, to_string(direction), head, begun->last);
  }
  context_.policy = lanes_[Direction::up].id;
  next_wake_ms_ = 0;
  if (!again && !settings_.cases.empty()) untold_cases_ = never;
  gate_.opened(core, context_.policy);
}

void Runner::prepare(JournalCore& core, const Now& at) {
  append_wakes(core, at.wall_ms);
  if (untold_cases_ != 0) untold_cases_ = desk().tell_waiting(core, untold_cases_);
  lanes_[Direction::up].limit = gate_.limit(core, at);
  lanes_[Direction::down].limit = std::numeric_limits<std::uint64_t>::max();
  for (Lane& lane : lanes_) begin(core, lane, at.boottime_ms);
}

void Runner::begin(JournalCore& core, Lane& lane, std::int64_t now_ms) {
  while (true) {
    const LaneState& books = state(core, lane);
    const std::uint64_t head = books.cursor + 1;
    if (head >= books.next || head > lane.limit || now_ms < lane.retry_at_ms) return;
    if (head <= lane.begun_to) return;
    if (head != lane.head) {
      lane.head = head;
      lane.attempts = head <= lane.one_by_one_to ? 1 : 0;
      lane.reason.clear();
    }
    if (lane.attempts >= attempts_max) {
      if (peek(core, lane) == nullptr) return;
      const std::string& why = lane.reason;
      quarantine(core, lane,
                 (why.empty() ? "the bridge ended while it decided" : why) + "; " +
                     std::to_string(attempts_max) + " attempts");
      continue;
    }
    const bool alone = lane.attempts > 0;
    const std::uint64_t last =
        alone ? std::max(lane.one_by_one_to, head)
              : std::min({books.next - 1, head + inputs_begun_max - 1, lane.limit});
    ++lane.attempts;
    lane.begun_to = alone ? head : last;
    lane.begun_commit = core.commits();
    core.change().policies().save_begun(lane.id, {head, last, lane.attempts, lane.reason});
    return;
  }
}

const Record* Runner::peek(JournalCore& core, Lane& lane) {
  const LaneState& books = state(core, lane);
  while (!lane.record || books.resolved(lane.record->sequence)) {
    if (lane.reader) lane.record = lane.reader->next();
    if (lane.reader && lane.record) continue;
    const auto batches = core.read(lane.id, books.cursor + 1, 1);
    if (batches.empty()) return nullptr;
    lane.batch = batches.front();
    lane.reader.emplace(lane.id, lane.batch->first, lane.batch->chain, lane.batch->data,
                        RecordReader::Check::lengths);
    lane.record = lane.reader->next();
  }
  return &*lane.record;
}

bool Runner::ready(const JournalCore& core, const Lane& lane, std::int64_t now_ms) const {
  const LaneState& books = state(core, lane);
  const std::uint64_t head = books.cursor + 1;
  return head < books.next && head <= lane.begun_to && core.commits() > lane.begun_commit &&
         now_ms >= lane.retry_at_ms;
}

// Of two inputs the one that was journaled first; of two in one commit, what goes down.
Runner::Lane* Runner::next(JournalCore& core, std::int64_t now_ms) {
  Lane* first = nullptr;
  for (Lane* lane : {&lanes_[Direction::down], &lanes_[Direction::up]}) {
    if (!ready(core, *lane, now_ms) || peek(core, *lane) == nullptr) continue;
    if (first == nullptr || std::tie(lane->batch->boot, lane->batch->captured_ms) <
                                std::tie(first->batch->boot, first->batch->captured_ms)) {
      first = lane;
    }
  }
  return first;
}

bool Runner::step(JournalCore& core, Watchdog& watchdog, std::int64_t now_ms) {
  Lane* lane = next(core, now_ms);
  if (lane == nullptr) return false;
  decide(core, *lane, watchdog, now_ms);
  return true;
}

Decision Runner::decision(const JournalCore& core, const Lane& lane) const {
  const Lane& other = lanes_[&lane == &lanes_[Direction::up] ? Direction::down : Direction::up];
  Decision decision;
  decision.lane = lane.id;
  decision.sequence = lane.record->sequence;
  decision.after = state(core, other).cursor;
  decision.wall_ms = core.captured_wall_ms(*lane.batch);
  decision.clock_trusted = core.timeline().boot(lane.batch->boot).synchronized;
  return decision;
}

void Runner::decide(JournalCore& core, Lane& lane, Watchdog& watchdog, std::int64_t now_ms) {
  Decision decided = decision(core, lane);
  const bool of_case = lane.record->kind == InputKind::message &&
                       decided_case(settings_.cases, lane.record->message.topic).has_value();
  if (of_case)
    return decide_case(core, lane, decided) ? settled(lane) : wait_for_room(lane, now_ms);
  const LaneState& books = state(core, lane);
  Step step(core, context_, decided.wall_ms);
  const Input input(books, *lane.batch, *lane.record, context_.bridge_id, core.epoch(),
                    decided.wall_ms, decided.clock_trusted);
  watchdog.begin(settings_.name, to_string(books.direction).data(), lane.record->sequence,
                 settings_.timeout_ms);
  const int result = instance_->decide(as_handle(step), input.raw());
  watchdog.end();
  if (std::string why = step.failure(result); !why.empty() && result != 0 && step.hopeless()) {
    ++failures_;
    quarantine(core, lane, why);
  } else if (!why.empty()) {
    failed(core, lane, std::move(why), now_ms);
  } else if (step.apply(books, *lane.record, decided)) {
    full_.clear();
    next_wake_ms_ = 0;
    settled(lane);
  } else {
    wait_for_room(lane, now_ms);
  }
}

// Not the input's fault, and no attempt: it waits until there is room.
void Runner::wait_for_room(Lane& lane, std::int64_t now_ms) {
  full_ = "for room in the journal or a lane";
  lane.retry_at_ms = now_ms + full_retry_ms;
}

// A decision of a case over MQTT is for the bridge, as one of the command line is.
bool Runner::decide_case(JournalCore& core, Lane& lane, Decision& decided) {
  const LaneState& books = state(core, lane);
  const Record& record = *lane.record;
  const auto verdict = desk().decide(core, record.message, books.direction, decided.wall_ms);
  if (!verdict) return false;
  full_.clear();
  decided.verdict = *verdict;
  core.change().policies().save_decision(decided);
  core.settle_input(lane.id, record.sequence, record.size, Fate::forwarded);
  return true;
}

void Runner::settled(Lane& lane) {
  if (lane.record->kind == InputKind::link) gate_.line(lane.record->message.payload == "up");
  lane.retry_at_ms = 0;
}

void Runner::failed(JournalCore& core, Lane& lane, std::string reason, std::int64_t now_ms) {
  const std::uint64_t sequence = lane.record->sequence;
  if (lane.head != sequence) {
    lane.head = sequence;
    lane.attempts = 1;
  }
  ++failures_;
  spdlog::warn("policy {}: input {} {} failed, attempt {} of {}: {}", settings_.name,
               to_string(state(core, lane).direction), sequence, lane.attempts, attempts_max,
               reason);
  lane.reason = std::move(reason);
  lane.begun_to = 0;
  lane.retry_at_ms = lane.attempts < attempts_max ? now_ms + retry_after_ms_ : 0;
}

void Runner::quarantine(JournalCore& core, Lane& lane, const std::string& why) {
  const LaneState& books = state(core, lane);
  const Record& record = *lane.record;
  const std::string reason = "policy " + settings_.name + ": " + why;
  spdlog::error("policy {}: input {} {} is quarantined: {}", settings_.name,
                to_string(books.direction), record.sequence, reason);
  const auto entry = quarantine_entry(books.direction, {lane.id, record.sequence}, record.message,
                                      reason, record.kind);
  Decision decided = decision(core, lane);
  decided.verdict = json_text(nlohmann::json{{"quarantined", reason}});
  core.quarantine(entry);
  core.change().policies().save_decision(decided);
  core.settle_input(lane.id, record.sequence, record.size, Fate::quarantined);
  settled(lane);
}

void Runner::closing(JournalCore& core) {
  for (Lane& lane : lanes_) {
    const std::uint64_t head = state(core, lane).cursor + 1;
    // What is begun and was not tried is as if it had not been begun.
    const bool tried = lane.head == head && !lane.reason.empty();
    if (!tried && lane.begun_to >= head) core.change().policies().save_begun(lane.id, {});
  }
}

bool Runner::append(JournalCore& core, InputKind kind, std::string_view topic,
                    std::string_view payload) {
  std::string bytes;
  const Append entry =
      own_entry(own_message(topic, payload), lanes_[Direction::down].id, bytes, kind);
  return core.emit(bytes, {&entry, 1}) == AppendResult::stored;
}

bool Runner::tell_line(JournalCore& core, bool up) {
  return append(core, InputKind::link, "link", up ? "up" : "down");
}

nlohmann::json Runner::ask(JournalCore& core, Watchdog& watchdog, std::int64_t wall_ms,
                           const std::string& what, const std::string& about) {
  if (!instance_->answers()) {
    throw std::invalid_argument("policy " + settings_.name + " answers no questions");
  }
  Step step(core, context_, wall_ms);
  watchdog.begin(settings_.name, "question", 0, settings_.timeout_ms);
  const int result =
      instance_->ask(as_handle(step), {what.data(), what.size()}, {about.data(), about.size()});
  watchdog.end();
  if (const std::string why = step.failure(result); !why.empty()) {
    throw std::invalid_argument("policy " + settings_.name + " cannot answer: " + why);
  }
  auto answer = nlohmann::json::parse(step.verdict(), nullptr, false);
  if (!answer.is_object()) {
    throw std::invalid_argument("policy " + settings_.name + " does not know '" + what + "'");
  }
  const auto refused = answer.find("refused");
  if (refused != answer.end() && refused->is_string()) {
    throw std::invalid_argument(refused->get<std::string>());
  }
  return answer;
}

std::uint64_t Runner::request(JournalCore& core, Watchdog& watchdog, std::int64_t wall_ms,
                              const std::string& what, const std::string& about) {
  ask(core, watchdog, wall_ms, what, about);
  if (!append(core, InputKind::resolution, what, about)) {
    throw std::invalid_argument("the journal is full; try again when there is room");
  }
  return state(core, lanes_[Direction::down]).next - 1;
}

void Runner::append_wakes(JournalCore& core, std::int64_t wall_ms) {
  if (wall_ms < next_wake_ms_) return;
  next_wake_ms_ = never;
  for (const auto& [name, at] : core.store().policies().wakes(context_.policy, wakes_at_once)) {
    if (at > wall_ms || !append(core, InputKind::wake, name, std::to_string(at))) {
      next_wake_ms_ = at;
      return;
    }
    core.change().policies().save_wake(context_.policy, name, 0);
  }
}

std::int64_t Runner::wait_ms(const JournalCore& core, const Now& at) const {
  std::int64_t wait = never;
  for (const Lane& lane : lanes_) {
    if (ready(core, lane, at.boottime_ms)) return 0;
    if (lane.retry_at_ms > at.boottime_ms) {
      wait = std::min(wait, lane.retry_at_ms - at.boottime_ms);
    }
  }
  if (next_wake_ms_ == never) return wait;
  // One whose time has come and that is not appended waits for room.
  const std::int64_t to_wake = next_wake_ms_ - at.wall_ms;
  return std::min(wait, to_wake > 0 ? to_wake : full_retry_ms);
}

std::string Runner::waits_for(const JournalCore& core) const {
  if (!full_.empty()) return full_;
  for (const Lane& lane : lanes_) {
    const LaneState& books = state(core, lane);
    if (lane.head == books.cursor + 1 && !lane.reason.empty() && books.backlog() > 0) {
      return "to try an input again: " + lane.reason;
    }
  }
  const LaneState& up = state(core, lanes_[Direction::up]);
  return up.backlog() > 0 && up.cursor + 1 > lanes_[Direction::up].limit ? gate_.waits_for()
                                                                         : std::string();
}

}  // namespace bascule
