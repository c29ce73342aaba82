#include "control/query/changes_query.hpp"

#include <stdexcept>

namespace bascule {
namespace {

using nlohmann::json;

constexpr const char* wrong = "'file' is not what describes one";

ChangedFile file_of(const std::string& text) {
  const json given = json::parse(text, nullptr, false);
  if (!given.is_object()) throw std::invalid_argument(wrong);
  try {
    ChangedFile file;
    file.hub = given.at("hub").get<bool>();
    file.policies = given.at("policies").get<std::vector<std::string>>();
    file.limits.max_size_bytes = given.at("max_size").get<std::uint64_t>();
    file.limits.when_full =
        value_of(when_full_words, given.at("when_full").get<std::string>()).value();
    for (const json& one : given.at("lanes")) {
      LaneSettings& lane = file.limits.lanes.emplace_back();
      lane.name = one.at("name").get<std::string>();
      lane.priority = one.at("priority").get<int>();
      if (one.contains("ttl_ms")) lane.ttl_ms = one["ttl_ms"].get<std::int64_t>();
      if (one.contains("max_size")) lane.max_size_bytes = one["max_size"].get<std::uint64_t>();
      if (!one.contains("when_full")) continue;
      lane.when_full = value_of(when_full_words, one["when_full"].get<std::string>()).value();
    }
    return file;
  } catch (const std::exception&) {
    throw std::invalid_argument(wrong);
  }
}

}  // namespace

json changes_answer(JournalCore& core, const Query& query) {
  const ChangedFile file = file_of(query.required("file"));
  json discards = json::array(), without = json::array();
  for (const Discard& discard : core.plan_limits(file.limits)) {
    discards.push_back(to_string(discard, core.lanes().at(discard.lane - 1U)));
  }
  for (const Orphan& orphan : orphans(core.report(), file)) without.push_back(to_string(orphan));
  return {{"discards", std::move(discards)}, {"orphans", std::move(without)}};
}

Query changes_of(const BridgeConfig& config) {
  const ChangedFile file = changed_file(config);
  json lanes = json::array();
  for (const LaneSettings& lane : file.limits.lanes) {
    json one = {{"name", lane.name}, {"priority", lane.priority}};
    if (lane.ttl_ms) one["ttl_ms"] = *lane.ttl_ms;
    if (lane.max_size_bytes) one["max_size"] = *lane.max_size_bytes;
    if (lane.when_full) one["when_full"] = word_of(when_full_words, *lane.when_full);
    lanes.push_back(std::move(one));
  }
  Query query;
  query.set("file", json{{"hub", file.hub},
                         {"policies", file.policies},
                         {"max_size", file.limits.max_size_bytes},
                         {"when_full", word_of(when_full_words, file.limits.when_full)},
                         {"lanes", std::move(lanes)}}
                        .dump());
  return query;
}

}  // namespace bascule
