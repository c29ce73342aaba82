// A host in memory: what a bridge does for a policy, with a step that is kept whole or dropped.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bascule/policy.hpp"

namespace bascule::test {

using Json = nlohmann::json;

// What a policy is given; the test's own copy of bascule_input.
struct Message {
  plugin::Input::Kind kind = plugin::Input::Kind::message;
  plugin::Direction direction = plugin::Direction::up;
  std::string origin = "hub";
  std::string epoch = "0000000000000001";
  std::string lane = "edits";
  std::uint64_t sequence = 0;
  std::string topic;
  std::string payload;
  bool retain = false;
  std::vector<std::pair<std::string, std::string>> properties;
  std::int64_t wall_ms = 0;
  std::int64_t boottime_ms = 0;
  std::int64_t boot = 1;
  bool central_up = true;

  std::string property(const std::string& name) const;
};

struct Sent {
  plugin::Direction direction;
  std::string lane;
  std::string topic;
  std::string payload;
  bool retain;
  std::vector<std::pair<std::string, std::string>> properties;

  std::string property(const std::string& name) const;
  Json json() const { return Json::parse(payload); }
};

struct OpenCase {
  std::string kind;
  std::string subject;
  Json data;
};

class MemoryHost {
 public:
  using Decide = std::function<void(plugin::Step&, const plugin::Input&)>;

  // The calls into the host that a step may make before it crashes; none: it does not.
  std::optional<int> crash_after;

  // One step. False if it failed or crashed: nothing of it is kept then.
  bool step(const Decide& decide, const Message& message);

  // What the last step that was kept has sent, and explained.
  std::vector<Sent> sent;
  Json explained;
  std::string failure;

  std::map<std::string, std::string, std::less<>> state;
  std::map<std::int64_t, OpenCase> cases;
  std::map<std::int64_t, Json> closed;
  std::map<std::string, std::int64_t> wakes;
  std::int64_t next_case = 1;
  std::uint64_t inputs = 0;
};

}  // namespace bascule::test
