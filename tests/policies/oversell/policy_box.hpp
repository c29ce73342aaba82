// One bridge's policy in memory: what a host does for it, with steps that are kept whole or
// dropped. The policy is made through the plugin's C symbol.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bascule/policy.hpp"
#include "oversell/options/json.hpp"

namespace bascule::oversell::test {

struct Given {
  plugin::Input::Kind kind = plugin::Input::Kind::message;
  plugin::Direction direction = plugin::Direction::up;
  std::string topic{};
  std::string payload{};
  std::string response_topic{};
  std::string correlation{};
  std::string origin{};  // empty: the box
};

struct Sent {
  plugin::Direction direction;
  std::string topic;
  std::string payload;
  std::string correlation;
  int qos;
  bool retain;
  std::string from_epoch;  // of the journal that it left

  Json json() const { return Json::parse(payload); }
};

struct Case {
  std::string kind, subject;
  Json data;
  std::optional<Json> outcome;
};

class PolicyBox {
 public:
  // Throws std::runtime_error with every problem, as "pointer text; ".
  PolicyBox(std::string id, const Json& options);

  // One step at this time; gives what it sent. A step that fails throws, and nothing of it is kept.
  std::vector<Sent> step(const Given& given);

  std::string id;
  std::string epoch = "00000000000000a1";
  std::int64_t wall_ms = 0, boottime_ms = 0, boot = 1;
  bool trusted = true, central_up = true;

  // Host calls after which the next step crashes. It then runs again, by a new instance.
  std::optional<int> crash_after;
  int crashes = 0;

  std::map<std::string, std::string> state;
  std::map<std::string, std::int64_t> wakes;
  std::map<std::int64_t, Case> cases;
  Json explained;
  std::vector<std::string> log;

 private:
  struct Instance;
  std::optional<std::vector<Sent>> attempt(const Given& given, std::string& failure);

  Json options_;
  std::shared_ptr<Instance> instance_;
  std::uint64_t number_ = 0;
};

std::string problems_of(const Json& options);

}  // namespace bascule::oversell::test
