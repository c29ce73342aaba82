// What a step sends: records, verdicts, conflicts, history (README.md describes the messages). The
// records go first, each once, as it is at the end of the step.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/policy.hpp"
#include "conflict/merge/merge.hpp"
#include "conflict/state/state.hpp"
#include "conflict/state/waiting.hpp"
#include "sdk/json.hpp"

namespace bascule::conflict {

// An op for people and machines, as a JSON object: who, when, what, having seen what; and what
// became of it.
// `canonical`: the record after it, as JSON.
std::string describe(const Op& op, const Entry* entry = nullptr, std::string_view canonical = {});

class Outbox {
 public:
  // `hub`: whose marks these are; lives as long as this does.
  Outbox(const Options& options, plugin::Step& step, const std::string& hub)
      : options_(options), step_(step), hub_(hub) {}

  // A new version of a record; `parts` are those that changed.
  void record(const std::string& key, const Record& record, std::string_view op,
              const std::vector<std::string>& parts);
  // A key that has no record, or none that anybody else sees: its state, the record that it is part
  // of, and what it says (empty: there is nothing to be seen under `pending` any more).
  void pending(std::string_view key, Standing standing, std::string_view record,
               std::string_view fields = {});
  // A deleted record that the sites need not know of any more.
  void forget(std::string_view key, const Record& record);
  void verdict(const State& state, const Record& record, const Entry& entry);
  void verdict(const Parked& parked);
  void conflict(const Entry& incoming, const Pair& pair, const Record& record);
  void history(const Entry& entry, const Record& record);
  // A site that has not said how far its edits have come.
  void ask_to_report(const std::string& site);
  void explain(const Json& verdict) { explained_ = verdict.dump(); }

  // Sends everything. The records tell their readers up to which entry of the history they have
  // been told of everything.
  void flush(State& state);

 private:
  struct Changed {
    std::vector<std::pair<std::string, std::string>> properties;
    bool pending = false;
    std::map<std::string, std::string> payloads;  // by part
    std::string transaction;
    std::string envelope;
  };

  void answer(const Op& op, std::string verdict,
              std::vector<std::pair<std::string, std::string>> properties = {});
  plugin::Output message_of(std::string topic, std::string payload, bool retain,
                            std::vector<std::pair<std::string, std::string>> properties) const;
  void send(std::string topic, std::string payload, bool retain,
            std::vector<std::pair<std::string, std::string>> properties = {});
  void send_canonical(const std::string& key, Changed& changed);
  void send_others(const std::string& key, const Changed& changed);

  const Options& options_;
  plugin::Step& step_;
  const std::string& hub_;
  std::map<std::string, Changed, std::less<>> changed_;
  std::map<std::string, plugin::Output> pending_;  // by key: its state at the end of the step
  std::vector<plugin::Output> messages_;
  std::vector<plugin::Output> forgotten_;
  std::string explained_;
};

}  // namespace bascule::conflict
