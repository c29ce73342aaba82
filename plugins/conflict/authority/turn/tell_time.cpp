#include "conflict/authority/turn/tell_time.hpp"

#include "sdk/json.hpp"

namespace bascule::conflict {

void tell_time(const Options& options, plugin::Step& step, const plugin::Input& input,
               const Captures& captures) {
  const auto json = parse_json(input.payload());
  if (!json.is_object() || !json.contains("question") || !json["question"].is_number_integer()) {
    return step.explain(R"({"reason":"question","verdict":"REFUSED"})");
  }
  plugin::Output output;
  output.direction = plugin::Direction::down;
  output.lane = options.lane;
  output.topic = options.topics.clock.fill(captures) + "/answer";
  output.payload = ObjectText()
                       .number("question", json["question"].get<std::int64_t>())
                       .number("time_ms", input.wall_ms())
                       .close();
  step.emit(output);
  step.explain(R"({"verdict":"CLOCK"})");
}

}  // namespace bascule::conflict
