// What a step sends: records, verdicts, conflicts, history (README.md describes the messages). The
// records go first, each once, as it is at the end of the step.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/policy.hpp"
#include "conflict/json.hpp"
#include "conflict/merge.hpp"
#include "conflict/state.hpp"

namespace bascule::conflict {

// An op for people and machines: who, when, what, having seen what.
Json describe(const Op& op);

class Outbox {
 public:
  Outbox(const Options& options, plugin::Step& step) : options_(options), step_(step) {}

  // A new version of a record; `parts` are those that changed.
  void record(std::string_view key, const Record& record, std::string_view op,
              const std::vector<std::string>& parts);
  // An unknown insert that is one no more.
  void clear_pending(std::string_view key);
  void verdict(const State& state, const Entry& entry);
  void verdict(const Parked& parked);
  void conflict(const Entry& incoming, const Pair& pair, const Record& record);
  void history(const Entry& entry);
  void explain(Json verdict) { explained_ = std::move(verdict); }

  void flush();

 private:
  struct Changed {
    Record record;
    std::string op;
    std::set<std::string> parts;
  };

  void send(std::string topic, std::string payload, bool retain,
            std::vector<std::pair<std::string, std::string>> properties = {});
  void send_record(const std::string& key, const Changed& changed);
  void send_transaction(const std::string& key, const Changed& changed);

  const Options& options_;
  plugin::Step& step_;
  std::map<std::string, Changed, std::less<>> changed_;
  std::vector<plugin::Output> messages_;
  Json explained_;
};

}  // namespace bascule::conflict
