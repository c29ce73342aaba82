#include "control/query/policy_queries.hpp"

#include <limits>
#include <stdexcept>

#include "policy/case_desk.hpp"
#include "replay/policy_inputs.hpp"
#include "text/number.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr int cases_per_answer = 1'000;
constexpr const char* kinds[] = {"message", "resolution", "wake", "link"};

json parsed(const std::string& text) {
  return text.empty() ? json() : json::parse(text, nullptr, false);
}

std::string policy_of(const JournalCore& core, PolicyId id) {
  return core.lanes().at(id - 1U).name.substr(input_lane_prefix.size());
}

json case_answer(const JournalCore& core, const Case& one) {
  return case_json(one, policy_of(core, one.policy));
}

json cases_answer(JournalCore& core, const Query& query) {
  json cases = json::array();
  const auto before =
      static_cast<std::int64_t>(query.number("before", std::numeric_limits<std::int64_t>::max()));
  const bool all = query.text("all").has_value();
  for (const Case& one : core.store().policies().cases(all, before, cases_per_answer)) {
    cases.push_back(case_answer(core, one));
  }
  return {{"cases", std::move(cases)}};
}

json show_answer(JournalCore& core, const Query& query) {
  const auto number = static_cast<std::int64_t>(query.number("number", 0));
  const auto found = core.store().policies().find_case(number);
  if (!found) {
    throw std::invalid_argument("there is no case " + std::to_string(number) +
                                "; 'bascule cases list --all' names them");
  }
  return case_answer(core, *found);
}

// "up/sales/17-18;down/default/3-3"
json emitted_answer(std::string_view text) {
  json list = json::array();
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const std::size_t lane = one.find('/') + 1, range = one.rfind('/') + 1, dash = one.rfind('-');
    const auto number = [&](std::size_t from, std::size_t to) {
      return parse_number<std::uint64_t>(one.substr(from, to - from)).value_or(0);
    };
    list.push_back({{"direction", one.substr(0, lane - 1)},
                    {"lane", one.substr(lane, range - 1 - lane)},
                    {"first", number(range, dash)},
                    {"last", number(dash + 1, one.size())}});
  }
  return list;
}

json explain_answer(JournalCore& core, const Query& query) {
  const std::string policy = query.required("policy");
  const Direction direction = query.direction();
  const LaneId id = core.lane(direction, input_lane(policy));
  if (id == 0) {
    throw std::invalid_argument("there is no policy '" + policy +
                                "'; 'bascule policy list' names them");
  }
  const std::uint64_t number = query.number("number", 0);
  const LaneState& lane = core.lanes().at(id - 1U);
  const BatchPtr batch = core.store().batches().read(id, number);
  if (number == 0 || number >= lane.next || batch == nullptr || batch->first > number) {
    throw std::invalid_argument("the journal does not hold input " + std::to_string(number) +
                                " of this policy " + std::string(to_string(direction)) +
                                (number >= lane.next ? "; it has not come yet" : " any more"));
  }
  RecordReader reader(id, batch->first, batch->chain, batch->data, RecordReader::Check::lengths);
  auto record = reader.next();
  while (record && record->sequence < number) record = reader.next();
  if (!record) throw std::invalid_argument("the journal's row of this input is damaged");
  const auto decisions = core.store().policies().decisions(id, number, 1);
  const bool decided = !decisions.empty() && decisions[0].sequence == number;
  json answer = {{"policy", policy},
                 {"direction", to_string(direction)},
                 {"number", number},
                 {"topic", record->message.topic},
                 {"kind", kinds[static_cast<int>(record->kind) & 3]},
                 {"journaled_ms", core.captured_wall_ms(*batch)},
                 {"state", lane.resolved(number) ? "decided" : "waiting"},
                 {"verdict", nullptr}};
  if (decided) {
    answer["journaled_ms"] = decisions[0].wall_ms;
    answer["clock_trusted"] = decisions[0].clock_trusted;
    answer["after"] = decisions[0].after;
    answer["emitted"] = emitted_answer(decisions[0].emitted);
    answer["verdict"] = parsed(decisions[0].verdict);
    if (answer["verdict"].contains("quarantined")) answer["state"] = "quarantined";
  }
  return answer;
}

}  // namespace

json policy_query(JournalCore& core, std::string_view what, const Query& query) {
  if (what == "/v1/policies/explain") return explain_answer(core, query);
  if (what == "/v1/policies/inputs") {
    return policy_inputs_answer(core, query.required("policy"), query.number("up", 0),
                                query.number("down", 0));
  }
  if (what == "/v1/cases") return cases_answer(core, query);
  if (what == "/v1/cases/show") return show_answer(core, query);
  throw std::invalid_argument("no such question: " + std::string(what));
}

}  // namespace bascule
