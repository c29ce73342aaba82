// A policy over a real journal, without its thread: the test says when a turn is, and what the
// policy does.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "policy/runner.hpp"
#include "support/journal_probe.hpp"

namespace bascule::test {

using Decide = std::function<int(Step&, const bascule_input&)>;

// A policy type whose instances do what `current` says.
inline Decide& current_decide() {
  static Decide decide;
  return decide;
}

// What it answers to people; by default nothing.
using Answer = std::function<int(Step&, std::string_view what, std::string_view about)>;
inline Answer& current_answer() {
  static Answer answer = [](Step&, std::string_view, std::string_view) { return 0; };
  return answer;
}

inline const bascule_policy& scripted_policy() {
  static const bascule_policy policy = {
      sizeof(bascule_policy),
      BASCULE_POLICY_ABI,
      "scripted",
      "1",
      "does what a test says",
      [](const bascule_host*, const bascule_options*) -> void* { return &current_decide(); },
      [](void*) {},
      [](void*, bascule_step* step, const bascule_input* input) -> int {
        return current_decide()(*reinterpret_cast<Step*>(step), *input);
      },
      [](void*, bascule_step* step, bascule_bytes what, bascule_bytes about) -> int {
        return current_answer()(*reinterpret_cast<Step*>(step), view(what), view(about));
      }};
  return policy;
}

inline bascule_output output(Direction direction, std::string_view topic, std::string_view payload,
                             std::string_view lane = {}) {
  bascule_output out{};
  out.size = sizeof out;
  out.direction = static_cast<std::int32_t>(direction);
  out.qos = 1;
  out.topic = {topic.data(), topic.size()};
  out.payload = {payload.data(), payload.size()};
  out.lane = {lane.data(), lane.size()};
  return out;
}

inline std::string state_of(Step& step, std::string_view key) {
  bascule_bytes value{};
  return step.get(key, value) == 1 ? std::string(view(value)) : std::string();
}

class PolicyCase {
 public:
  // `cases`: where its cases are told and decided over MQTT.
  explicit PolicyCase(Decide decide, Gate gate = {}, std::vector<LaneSettings> lanes = {},
                      Directory directory = {}, std::string cases = {})
      : directory_(std::move(directory)),
        gate_(gate),
        lanes_(std::move(lanes)),
        cases_(std::move(cases)) {
    current_decide() = std::move(decide);
    open();
  }

  // Another process on the files as kill -9 would leave them now.
  void crash() {
    Directory left = directory_.copy();
    runner_.reset();
    core_.reset();
    directory_ = std::move(left);
    open();
  }

  void put(std::string_view payload, Direction direction = Direction::up,
           const std::string& topic = "t", const std::string& properties = {}) {
    Put message;
    message.topic = topic;
    message.properties = properties;
    message.lane = core_->lane(direction, "policy/seats");
    message.payload = payload;
    AppendGroup group = group_of({message}, direction);
    REQUIRE(core_->append(group) == AppendResult::stored);
  }

  // What the journal's thread does after its tasks. Returns how many steps there were.
  int turn() {
    runner_->prepare(*core_, at);
    if (core_->must_commit()) core_->commit();
    int steps = 0;
    while (steps < 10'000 && runner_->step(*core_, watchdog_, at.boottime_ms)) ++steps;
    return steps;
  }

  // Until nothing moves, waiting out what waits to be tried again.
  void run() {
    for (int idle = 0; idle < 3;) {
      idle = turn() > 0 || core_->must_commit() ? 0 : idle + 1;
      at.boottime_ms += 60'000;
    }
  }

  JournalCore& core() { return *core_; }
  Runner& runner() { return *runner_; }
  nlohmann::json ask(const std::string& what, const std::string& about = "{}") {
    return runner_->ask(*core_, watchdog_, at.wall_ms, what, about);
  }
  std::uint64_t request(const std::string& what, const std::string& about) {
    return runner_->request(*core_, watchdog_, at.wall_ms, what, about);
  }
  const Directory& directory() const { return directory_; }
  const LaneState& lane(Direction direction, std::string_view name = "policy/seats") {
    return lane_of(*core_, core_->lane(direction, name));
  }
  std::vector<std::string> payloads(Direction direction, std::string_view lane = "default") {
    std::vector<std::string> payloads;
    for (const Got& got : read_all(*core_, core_->lane(direction, lane))) {
      payloads.push_back(got.payload);
    }
    return payloads;
  }
  // "topic payload" of each.
  std::vector<std::string> messages(Direction direction, std::string_view lane = "default") {
    std::vector<std::string> all;
    for (const Got& got : read_all(*core_, core_->lane(direction, lane))) {
      all.push_back(got.topic + ' ' + got.payload);
    }
    return all;
  }
  std::string state(std::string_view key) {
    return core_->store().policies().state(runner_->id(), key).value_or(StateRow{}).value;
  }

  Now at{1'000'000, 1'763'800'000'000, true};

 private:
  void open() {
    std::vector<LaneSettings> lanes = lanes_;
    lanes.push_back(lane_settings("policy/seats"));
    core_ = std::make_unique<JournalCore>(journal_settings(directory_), "store-42", lanes);
    PolicySettings settings;
    settings.name = "seats";
    settings.gate = gate_;
    settings.cases = cases_;
    StepContext context;
    context.name = "seats";
    context.lane = "default";
    context.bridge_id = "store-42";
    context.events_topic = "bascule/store-42/events";
    context.cases = cases_;
    std::vector<OptionProblem> problems;
    auto instance = Instance::make(scripted_policy(), settings, "store-42", problems);
    runner_ = std::make_unique<Runner>(settings, std::move(instance), context, 1'000);
    runner_->opened(*core_, false);
    core_->commit();
  }

  Directory directory_;
  Gate gate_;
  std::vector<LaneSettings> lanes_;
  std::string cases_;
  std::unique_ptr<JournalCore> core_;
  std::unique_ptr<Runner> runner_;
  Watchdog watchdog_{[](const std::string&) {}};
};

}  // namespace bascule::test
