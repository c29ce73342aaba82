#include "control/query/queries.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "config/stages.hpp"
#include "control/query/carry_query.hpp"
#include "control/query/changes_query.hpp"
#include "control/query/message_queries.hpp"
#include "control/query/policy_queries.hpp"
#include "control/query/quarantine_queries.hpp"
#include "control/query/replay_query.hpp"
#include "journal/core.hpp"
#include "text/number.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::size_t verify_slice_bytes = 32 << 20;
constexpr std::uint64_t ranges_per_answer = 10'000;
constexpr std::uint64_t ranges_unless_said = 1'000;

const LaneState& lane_of(const JournalCore& core, LaneId id) { return core.lanes().at(id - 1U); }

json lanes_answer(JournalCore& core, const std::string& data_dir) {
  json lanes = json::array();
  const JournalReport report = core.report();
  for (const LaneReport& lane : report.lanes) {
    const LaneState& state = lane.state;
    std::uint64_t replaying = 0;
    for (const SequenceRange& range : state.replaying()) replaying += range.last - range.first + 1;
    lanes.push_back({{"name", state.name},
                     {"direction", to_string(state.direction)},
                     {"first_sequence", lane.first_stored == 0 ? state.next : lane.first_stored},
                     {"next_sequence", state.next},
                     {"cursor", state.cursor},
                     {"backlog", state.backlog()},
                     {"backlog_bytes", state.backlog_bytes()},
                     {"held", state.held},
                     {"replaying", replaying},
                     {"stored", lane.first_stored == 0 ? 0 : state.next - lane.first_stored},
                     {"stored_bytes", lane.stored_bytes},
                     {"oldest_age_s", lane.oldest_age_ms / 1'000}});
  }
  return {{"lanes", std::move(lanes)},
          {"journal",
           {{"path", data_dir + "/journal.db"},
            {"epoch", report.epoch},
            {"schema", report.schema},
            {"bytes", report.used_bytes}}}};
}

// Where a slice of verify begins: "lane:sequence".
std::pair<LaneId, std::uint64_t> slice_begin(const Query& query) {
  const std::string after = query.text("after").value_or("1:0");
  const std::size_t colon = std::min(after.find(':'), after.size());
  const auto lane = parse_number<LaneId>(std::string_view(after).substr(0, colon));
  const auto sequence = parse_number<std::uint64_t>(
      std::string_view(after).substr(std::min(colon + 1, after.size())));
  if (!lane || *lane == 0 || !sequence) {
    throw std::invalid_argument("'after' is not what was answered");
  }
  return {*lane, *sequence};
}

json damage(const LaneState& lane, std::uint64_t first, std::uint64_t last, const char* what) {
  return {{"lane", lane.name},
          {"direction", to_string(lane.direction)},
          {"first", first},
          {"last", last},
          {"what", what}};
}

// Every checksum, and that each row continues the one before it.
json verify_answer(JournalCore& core, const Query& query) {
  auto [id, from] = slice_begin(query);
  std::uint64_t checked = 0;
  std::size_t bytes = 0;
  json damaged = json::array();
  json answer;
  for (; id <= core.lanes().size(); ++id, from = 0) {
    const LaneState& lane = lane_of(core, id);
    std::optional<std::uint32_t> chain;
    while (const BatchPtr batch = core.store().batches().read(id, from)) {
      if (bytes >= verify_slice_bytes) {
        answer["next"] = std::to_string(id) + ":" + std::to_string(from);
        break;
      }
      RecordReader reader(id, batch->first, batch->chain, batch->data,
                          RecordReader::Check::checksums);
      std::uint32_t last_crc = batch->chain;
      while (const auto record = reader.next()) last_crc = record->crc;
      if (!reader.ok() || reader.next_sequence() != batch->last() + 1) {
        damaged.push_back(damage(lane, reader.next_sequence(), batch->last(), "checksum"));
      } else if (chain && batch->first == from && *chain != batch->chain) {
        damaged.push_back(
            damage(lane, batch->first, batch->first, "does not continue the row before"));
      }
      chain = reader.ok() ? std::optional(last_crc) : std::nullopt;
      checked += batch->count;
      bytes += batch->data.size();
      from = std::max(batch->last(), batch->first) + 1;  // a damaged row may say that it has none
    }
    if (answer.contains("next")) break;
  }
  std::uint64_t total = 0;
  for (const LaneReport& lane : core.report().lanes) {
    if (lane.first_stored != 0) total += lane.state.next - lane.first_stored;
  }
  answer["checked"] = checked;
  answer["damaged"] = std::move(damaged);
  answer["total"] = total;
  return answer;
}

json losses_answer(JournalCore& core, const Query& query) {
  json losses = json::array();
  const auto count = std::min(query.number("count", ranges_unless_said), ranges_per_answer);
  auto newest = core.store().losses().newest(static_cast<int>(count + 1));
  const bool more = newest.size() > count;
  if (more) newest.pop_back();
  for (const Loss& loss : newest) {
    const LaneState& lane = lane_of(core, loss.lane);
    losses.push_back({{"direction", to_string(lane.direction)},
                      {"lane", lane.name},
                      {"first", loss.first},
                      {"last", loss.last},
                      {"count", loss.count},
                      {"bytes", loss.bytes},
                      {"reason", loss.reason},
                      {"at_ms", loss.at_ms}});
  }
  const QuarantineTable::Size quarantine = core.store().quarantine().size();
  return {{"losses", std::move(losses)},
          {"more", more},
          {"quarantined", {{"messages", quarantine.messages}, {"bytes", quarantine.bytes}}}};
}

json repeats_answer(const JournalCore& core) {
  json repeats = json::array();
  for (const RepeatCount& count : core.repeat_ledger().counts()) {
    repeats.push_back({{"direction", to_string(count.direction)},
                       {"kind", word_of(repeat_words, count.kind)},
                       {"source", count.source},
                       {"count", count.count},
                       {"last_ms", count.last_ms},
                       {"topic", count.topic}});
  }
  return {{"repeats", std::move(repeats)}};
}

}  // namespace

json journal_query(JournalCore& core, const std::string& data_dir, std::string_view what,
                   const Query& query) {
  if (what == "/v1/lanes") return lanes_answer(core, data_dir);
  if (what == "/v1/journal/show") return messages_answer(core, query);
  if (what == carry_question) return carry_answer(core, query);
  if (what == crossed_question) return crossed_answer(core, query);
  if (what == "/v1/journal/verify") return verify_answer(core, query);
  if (what == "/v1/journal/losses") return losses_answer(core, query);
  if (what == "/v1/journal/repeats") return repeats_answer(core);
  if (what == "/v1/journal/quarantine") return quarantine_answer(core, query);
  if (what == changes_question) return changes_answer(core, query);
  return policy_query(core, what, query);
}

json offline_query(const BridgeConfig& config, std::string_view what, const Query& query) {
  const std::string path = config.data_dir + "/journal.db";
  if (!std::filesystem::exists(path)) {
    throw std::runtime_error("no daemon answers on " + config.control.socket +
                             " and there is no journal in " + config.data_dir +
                             "; start one with 'bascule run'");
  }
  JournalSettings settings = config.journal;
  settings.look_only = true;
  JournalCore core(std::move(settings), config.id, all_lanes(config));
  return journal_query(core, config.data_dir, what, query);
}

}  // namespace bascule
