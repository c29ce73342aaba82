// The host of the policies: owns them, and gives each its turn on the journal's thread.
//
// Made and destroyed on the main thread, before the journal starts and after it has stopped. While
// it runs, everything is on the journal's thread but central(), which any thread may call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/journal.hpp"
#include "policy/case_desk.hpp"
#include "policy/runner.hpp"
#include "policy/watchdog.hpp"

namespace bascule {

struct PolicyHostSettings {
  std::string bridge_id;
  std::string events_topic{};  // at the centre; empty: nothing is told
  std::vector<PolicySettings> policies;
  std::string plugin_dir;  // empty: the usual ones
  bool hub = false;
  std::uint32_t max_payload_bytes = 16 << 20;
  std::int64_t retry_after_ms = 1'000;  // a failed step
  // The time: a test has its own.
  std::function<Now()> clock = [] { return now(); };
};

// Loads the plugin and makes the instance. Throws std::runtime_error with one line.
std::unique_ptr<Instance> make_instance(const PolicyHostSettings& host,
                                        const PolicySettings& policy);
StepContext step_context(const PolicyHostSettings& host, const PolicySettings& policy);

struct PolicyReport {
  std::string name, type, version;
  LaneState up, down;        // the input lanes
  std::uint64_t failed = 0;  // attempts, since the start
  std::uint64_t cases = 0;   // open
  std::string waits_for;     // empty: nothing but inputs
};

class PolicyHost : public Steps {
 public:
  // Throws as make_instance() does: the configuration was checked before, so for the odd race.
  explicit PolicyHost(PolicyHostSettings settings);

  // The lanes that the journal needs for the policies' inputs.
  static std::vector<LaneSettings> input_lanes(const std::vector<PolicySettings>& policies);

  // Whether the line to central is up, settled and fast. In the order of the calls, and behind what
  // the journal was asked before.
  void central(Journal& journal, bool up);

  // A person's decision of a case, as an input of its policy: on the journal's thread, within
  // Journal::change(). Throws std::invalid_argument, with what to do, if it cannot be decided so.
  void resolve(JournalCore& core, std::int64_t number, const CaseChoice& choice);

  // A person's question of the policy with this name, within Journal::inspect(); and something that
  // a person wants done, within Journal::change(): the number of the input down that it becomes.
  // As Runner has them.
  nlohmann::json ask(JournalCore& core, const std::string& policy, const std::string& what,
                     const std::string& about);
  std::uint64_t request(JournalCore& core, const std::string& policy, const std::string& what,
                        const std::string& about);

  std::vector<PolicyReport> report(JournalCore& core) const;  // within Journal::inspect()

  void opened(JournalCore& core, bool again) override;
  void prepare(JournalCore& core) override;
  void work(JournalCore& core) override;
  void closing(JournalCore& core) override;
  std::int64_t wait_ms() const override;

 private:
  Runner& runner_of(const std::string& policy);

  PolicyHostSettings settings_;
  std::vector<std::unique_ptr<Runner>> runners_;
  Watchdog watchdog_;
  JournalCore* core_ = nullptr;
  std::size_t turn_ = 0;                 // whose step is next
  std::optional<bool> central_ = false;  // what is to be told; nothing: it is told
};

}  // namespace bascule
