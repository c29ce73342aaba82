// One bridge's policy in memory, with the clocks of its machine and the epoch of its journal. The
// policy is made through the plugin's C symbol.
#pragma once

#include <string>
#include <vector>

#include "oversell/options/quantity.hpp"
#include "support/memory_host.hpp"

namespace bascule::oversell::test {

using bascule::test::Sent;

struct Given {
  plugin::Input::Kind kind = plugin::Input::Kind::message;
  plugin::Direction direction = plugin::Direction::up;
  std::string topic{};
  std::string payload{};
  std::string response_topic{};
  std::string correlation{};
  std::string origin{};  // empty: the box
};

class PolicyBox : public bascule::test::MemoryHost {
 public:
  // Throws std::runtime_error with every problem, as "pointer text; ".
  PolicyBox(std::string id, const Json& options);

  // One step at this time; gives what it sent. A step that fails throws, and nothing of it is kept.
  // One that crashes (crash_after) runs again, by a new instance.
  std::vector<Sent> step(const Given& given);

  std::string id;
  std::int64_t wall_ms = 0, boottime_ms = 0, boot = 1;
  bool trusted = true, central_up = true;
  int crashes = 0;

 private:
  bool attempt(const Given& given);

  Json options_;
  bascule::test::PluginInstance instance_;
};

std::string problems_of(const Json& options);

}  // namespace bascule::oversell::test
