// A policy to begin with: it lets readings pass that lie within limits, and sends the others to the
// site as alarms. Copy the folder, rename the class, and change decide().
//
//   policies:
//     freezers: {plugin: template, options: {min: -30, max: -15}}
//
// It shows what most policies need: options that are checked, state per record, messages in both
// directions, a case for a person, and a verdict that says why.
#include <bascule/policy.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace {

using nlohmann::json;
namespace plugin = bascule::plugin;

class Template {
 public:
  explicit Template(const plugin::Options& options) {
    const json given = json::parse(options.json());
    for (const auto& [key, value] : given.items()) {
      const std::string place =
          (json::json_pointer() / key).to_string();  // "/" in a key is escaped
      if (key != "min" && key != "max" && key != "alarms_per_case") {
        options.problem(place, "is unknown; use min, max or alarms_per_case");
      } else if (!value.is_number()) {
        options.problem(place, "must be a number, such as 4.5");
      }
    }
    if (options.wrong()) return;
    min_ = given.value("min", min_);
    max_ = given.value("max", max_);
    alarms_per_case_ = given.value("alarms_per_case", alarms_per_case_);
    if (min_ > max_) options.problem("/min", "must not be more than max");
  }

  void decide(plugin::Step& step, const plugin::Input& input) const {
    switch (input.kind()) {
      case plugin::Input::Kind::message:
        return decide_reading(step, input);
      case plugin::Input::Kind::resolution:
        // The topic is the case's number. Here, whatever the person chose ends it.
        step.close_case(std::stoll(std::string(input.topic())), input.payload());
        return step.put("alarms", "0");
      case plugin::Input::Kind::wake:
      case plugin::Input::Kind::link:
        return;  // this policy asks for no time, and does not care about the line
    }
  }

 private:
  void decide_reading(plugin::Step& step, const plugin::Input& input) const {
    const json reading = json::parse(input.payload(), nullptr, false);
    // A message that cannot be understood: fail, and it is quarantined with the reason.
    if (!reading.is_number()) throw std::runtime_error("the payload is no number");
    const double value = reading.get<double>();
    const bool good = value >= min_ && value <= max_;
    step.put("last/" + std::string(input.topic()), input.payload());

    plugin::Output output;
    output.direction = good ? plugin::Direction::up : plugin::Direction::down;
    output.topic = (good ? "" : "alarm/") + std::string(input.topic());
    output.payload = input.payload();
    output.retain = input.retain();
    step.emit(output);
    if (!good) count_alarm(step, input);
    step.explain(json{{"value", value}, {"min", min_}, {"max", max_}, {"good", good}}.dump());
  }

  void count_alarm(plugin::Step& step, const plugin::Input& input) const {
    const int alarms = std::stoi(step.get("alarms").value_or("0")) + 1;
    step.put("alarms", std::to_string(alarms));
    if (alarms != alarms_per_case_) return;
    const json data = {{"alarms", alarms}, {"choices", {"repaired", "false alarm"}}};
    step.open_case("alarms", input.topic(), data.dump());
  }

  double min_ = 0;
  double max_ = 100;
  int alarms_per_case_ = 3;
};

}  // namespace

BASCULE_POLICY(Template, "template", "1.0", "readings within limits pass, others alarm")
