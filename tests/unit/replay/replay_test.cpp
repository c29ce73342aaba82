// A policy over inputs of the past: the same gives the same, and another one is told apart.
#include "replay/replay.hpp"

#include "support/policy_case.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr std::int64_t start_ms = 1'763'800'000'000;

PastInput past(std::uint64_t number, std::string_view topic, std::string_view payload,
               InputKind kind = InputKind::message) {
  PastInput input;
  input.number = number;
  input.direction = kind == InputKind::message ? Direction::up : Direction::down;
  encode_record({topic, payload, {}, Qos::at_least_once, false}, {}, false, input.record, kind);
  input.boot = 1;
  input.captured_ms = static_cast<std::int64_t>(number) * 1'000;
  input.wall_ms = start_ms + static_cast<std::int64_t>(number) * 1'000;
  return input;
}

struct Past {
  explicit Past(Decide decide) {
    current_decide() = std::move(decide);
    std::vector<OptionProblem> problems;
    StepContext context;
    context.name = "seats";
    context.lane = "default";
    context.bridge_id = "store-42";
    context.events_topic = "bascule/store-42/events";
    context.number_case = [this](std::string_view, std::string_view, std::int64_t) {
      return next_case++;
    };
    replay = std::make_unique<Replay>(
        Instance::make(scripted_policy(), {}, "store-42", problems), context,
        std::vector<LaneSettings>{lane_settings("default"), lane_settings("policy/seats")}, "e1");
  }
  std::int64_t next_case = 7;
  std::unique_ptr<Replay> replay;
};

}  // namespace

TEST_CASE(
    "replay: state goes from input to input, and what is sent goes nowhere but to the answer") {
  Past past_of([](Step& step, const bascule_input& input) {
    const std::string sum = state_of(step, "sum") + std::string(view(input.payload));
    step.put("sum", sum);
    step.emit(output(Direction::up, "sum", sum));
    CHECK(view(input.epoch) == "e1");
    return step.explain("{\"sum\":\"" + sum + "\"}");
  });
  const auto first = past_of.replay->decide(past(1, "a", "x"));
  const auto second = past_of.replay->decide(past(2, "a", "y"));
  REQUIRE((first && second));
  CHECK(second->verdict == R"({"sum":"xy"})");
  CHECK(second->emitted.find("xy") != std::string::npos);
  CHECK(second->emitted != first->emitted);
}

TEST_CASE("replay: a step that fails has done nothing") {
  Past past_of([](Step& step, const bascule_input& input) {
    const std::string before = state_of(step, "n");
    step.put("n", before + "1");
    if (view(input.payload) == "bad") {
      step.fail("no good");
      return 1;
    }
    return step.explain("{\"n\":\"" + state_of(step, "n") + "\"}");
  });
  past_of.replay->decide(past(1, "a", "good"));
  CHECK(past_of.replay->decide(past(2, "a", "bad"))->failure == "no good");
  CHECK(past_of.replay->decide(past(3, "a", "good"))->verdict == R"({"n":"11"})");
}

TEST_CASE("replay: of the wakes only those come that it has asked for, at the time it asked") {
  Past past_of([](Step& step, const bascule_input& input) {
    if (input.kind == BASCULE_MESSAGE) {
      step.wake_at("nightly", std::stoll(std::string(view(input.payload))));
    }
    return step.explain("{\"at\":" + std::to_string(input.wall_ms - start_ms) + "}");
  });
  const std::string soon = std::to_string(start_ms + 5'000),
                    later = std::to_string(start_ms + 9'000);
  CHECK(!past_of.replay->decide(past(1, "nightly", soon, InputKind::wake)));
  past_of.replay->decide(past(2, "a", soon));
  REQUIRE(past_of.replay->next_wake());
  CHECK(past_of.replay->next_wake()->at_ms == start_ms + 5'000);

  // It was journaled before it was moved, so it comes; and so does the other, later.
  past_of.replay->decide(past(3, "a", later));
  CHECK(past_of.replay->decide(past(5, "nightly", soon, InputKind::wake)));
  CHECK(!past_of.replay->decide(past(6, "nightly", soon, InputKind::wake)));
  REQUIRE(past_of.replay->next_wake());
  CHECK(past_of.replay->next_wake()->at_ms == start_ms + 9'000);

  const Redecision own = past_of.replay->wake(*past_of.replay->next_wake(), past(12, "a", "0"));
  CHECK(own.verdict == R"({"at":9000})");
  CHECK(!past_of.replay->next_wake());
}

TEST_CASE("replay: a person's decision reaches it if it has opened the case, and not otherwise") {
  Past past_of([](Step& step, const bascule_input& input) {
    if (input.kind == BASCULE_RESOLUTION) {
      step.close_case(std::stoll(std::string(view(input.topic))), view(input.payload));
    } else if (view(input.payload) == "odd") {
      step.open_case("odd", "a", "{}");
    }
    return 0;
  });
  CHECK(past_of.replay->decide(past(1, "a", "odd"))->cases == 1);
  CHECK(!past_of.replay->decide(past(2, "8", "{}", InputKind::resolution)));
  CHECK(past_of.replay->decide(past(3, "7", "{}", InputKind::resolution))->failure.empty());
  CHECK(!past_of.replay->decide(past(4, "7", "{}", InputKind::resolution)));
}
