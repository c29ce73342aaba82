// A bridge's policy in memory, with the clocks of its machine. The policy is made through the
// plugin's C symbol.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/memory_host.hpp"

namespace bascule::transform::test {

using bascule::test::Json;
using bascule::test::Message;
using bascule::test::Sent;

class Box : public bascule::test::MemoryHost {
 public:
  // Throws std::runtime_error with every problem, as "pointer text; ".
  explicit Box(const Json& options);

  // Options as JSON text.
  static Box of(std::string_view options) { return Box(Json::parse(options)); }

  // One message at this time; gives what it sent. A step that fails throws std::runtime_error with
  // the reason, and nothing of it is kept. One that crashes (crash_after) runs again, by a new
  // instance.
  std::vector<Sent> take(const std::string& topic, const std::string& payload);
  std::vector<Sent> take(Message message);
  // The payload of the one message that it sent; "" for none.
  std::string made(const std::string& topic, const std::string& payload);
  // Lets time pass. Wakes come at their times; gives all that they sent.
  std::vector<Sent> pass(std::int64_t ms);
  // The policy with other options, over the same state.
  void change(const Json& options);

  // What is counted: "unfit_passed", "payload".
  std::uint64_t counted(const std::string& what, const std::string& reason) const;

  std::int64_t wall_ms = 1'790'068'200'000, boottime_ms = 1'000, boot = 1;
  int crashes = 0;

 private:
  bool attempt(const Message& message);

  Json options_;
  bascule::test::PluginInstance instance_;
};

std::string problems_of(std::string_view options);

// The payloads, without their topics.
std::vector<std::string> payloads(const std::vector<Sent>& sent);

}  // namespace bascule::transform::test
