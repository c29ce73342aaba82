// A host in memory: what a bridge does for a policy, with a step that is kept whole or dropped. The
// one host of all tests of policies; how the policy is called is the test's business.
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
using Properties = std::vector<std::pair<std::string, std::string>>;

// What a policy is given; the test's own copy of bascule_input.
struct Message {
  plugin::Input::Kind kind = plugin::Input::Kind::message;
  plugin::Direction direction = plugin::Direction::up;
  std::string origin = "hub";
  std::string epoch = "0000000000000001";
  std::string lane = "edits";
  std::uint64_t sequence = 0;
  std::string topic{};
  std::string payload{};
  bool retain = false;
  Properties properties{};
  std::string response_topic{};
  std::string correlation{};
  std::int64_t wall_ms = 0;
  std::int64_t boottime_ms = 0;
  std::int64_t boot = 1;
  bool trusted = true;
  bool central_up = true;

  std::string property(const std::string& name) const;
};

struct Sent {
  plugin::Direction direction;
  std::string lane;
  std::string topic;
  std::string payload;
  int qos;
  bool retain;
  Properties properties;
  std::string correlation;

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
  // As the C symbol has it: 0, or the step has failed.
  using Decide = std::function<int(bascule_step*, const bascule_input&)>;
  using DecideInCpp = std::function<void(plugin::Step&, const plugin::Input&)>;

  // What create() is given. Each step carries its own host, so that this is the same for all.
  static const bascule_host& functions();

  std::string epoch = "0000000000000001";  // of its own journal

  // The calls into the host that the next step may make before it crashes; none: it does not.
  std::optional<int> crash_after;

  // One step. False if it failed or crashed: nothing of it is kept then.
  bool step(const Decide& decide, const Message& message);
  bool step(const DecideInCpp& decide, const Message& message);

  // What the last step that was kept has sent, and explained.
  std::vector<Sent> sent;
  Json explained;
  std::string failure;

  std::map<std::string, std::string, std::less<>> state;
  std::map<std::int64_t, OpenCase> cases;
  std::map<std::int64_t, Json> closed;
  std::map<std::string, std::int64_t> wakes;
  std::vector<std::string> log;
  std::int64_t next_case = 1;
  std::uint64_t inputs = 0;
};

// A policy made through the plugin's C symbol. Throws std::runtime_error with every problem of the
// options, as "pointer text; " each.
class PluginInstance {
 public:
  PluginInstance(const std::string& bridge_id, const Json& options);
  int decide(bascule_step* step, const bascule_input& input) const;

 private:
  std::shared_ptr<void> instance_;
};

}  // namespace bascule::test
