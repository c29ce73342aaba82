#include "policies/oversell/policy_box.hpp"

namespace bascule::oversell::test {

PolicyBox::PolicyBox(std::string box_id, const Json& options)
    : id(std::move(box_id)), options_(options), instance_(id, options_) {
  epoch = "00000000000000a1";
}

std::vector<Sent> PolicyBox::step(const Given& given) {
  auto done = attempt(given);
  if (!done && crash_after) {
    ++crashes;
    crash_after.reset();
    instance_ = bascule::test::PluginInstance(id, options_);
    done = attempt(given);
  }
  crash_after.reset();
  if (!done) throw std::runtime_error(failure);
  return sent;
}

bool PolicyBox::attempt(const Given& given) {
  bascule::test::Message message;
  message.kind = given.kind;
  message.direction = given.direction;
  message.origin = given.origin.empty() ? id : given.origin;
  message.epoch = epoch;
  message.lane = "sales";
  message.sequence = inputs + 1;
  message.topic = given.topic;
  message.payload = given.payload;
  message.response_topic = given.response_topic;
  message.correlation = given.correlation;
  message.wall_ms = wall_ms;
  message.boottime_ms = boottime_ms;
  message.boot = boot;
  message.trusted = trusted;
  message.central_up = central_up;
  const Decide decide = [this](bascule_step* raw, const bascule_input& input) {
    return instance_.decide(raw, input);
  };
  return MemoryHost::step(decide, message);
}

std::string problems_of(const Json& options) {
  try {
    PolicyBox("box", options);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace bascule::oversell::test
