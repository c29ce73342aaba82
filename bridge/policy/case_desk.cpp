#include "policy/case_desk.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "journal/backlog/own_entry.hpp"
#include "message/own.hpp"
#include "message/properties.hpp"
#include "message/topic.hpp"
#include "text/json_text.hpp"
#include "text/number.hpp"
#include "text/wording.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr const char* states[] = {"open", "decided", "closed"};
constexpr std::string_view decide_suffix = "/decide";
constexpr int told_at_once = 100;

json parsed(const std::string& text) {
  return text.empty() ? json() : json::parse(text, nullptr, false);
}

std::string name_of(const json& choice) {
  if (choice.is_string()) return choice.get<std::string>();
  return choice.is_object() ? choice.value("name", std::string()) : std::string();
}

// What the case offers to choose from; empty: anything goes.
std::vector<std::string> choices(const Case& one) {
  const json data = json::parse(one.data, nullptr, false);
  std::vector<std::string> names;
  if (!data.is_object() || !data.contains("choices") || !data["choices"].is_array()) return names;
  for (const json& choice : data["choices"]) {
    if (std::string name = name_of(choice); !name.empty()) names.push_back(std::move(name));
  }
  return names;
}

// Where an answer goes, with the properties that it takes along.
struct Address {
  std::string topic, properties;
};

Address address_of(const Message& message) {
  Address address;
  std::string correlation;
  PropertyReader reader(message.properties);
  while (const auto property = reader.next()) {
    if (property->id == PropertyId::response_topic) address.topic = property->value;
    if (property->id == PropertyId::correlation_data) {
      append_property(address.properties, *property);
    }
  }
  if (address.topic.empty() || !valid_topic(address.topic)) {
    address = {std::string(message.topic) + "d", {}};  // …/decided
  }
  return address;
}

}  // namespace

json case_json(const Case& one, const std::string& policy) {
  const auto moment = [](std::int64_t ms) { return ms == 0 ? json() : json(ms); };
  return {{"number", one.number},
          {"policy", policy},
          {"kind", one.kind},
          {"subject", one.subject},
          {"state", states[static_cast<int>(one.state)]},
          {"opened_ms", one.opened_ms},
          {"data", parsed(one.data)},
          {"decision", parsed(one.decision)},
          {"decided_by", one.decided_by.empty() ? json() : json(one.decided_by)},
          {"decided_ms", moment(one.decided_ms)},
          {"outcome", parsed(one.outcome)},
          {"closed_ms", moment(one.closed_ms)}};
}

std::string case_topic(const std::string& cases, std::int64_t number) {
  return cases + '/' + std::to_string(number);
}

std::optional<std::int64_t> decided_case(const std::string& cases, std::string_view topic) {
  if (cases.empty() || !topic.starts_with(cases) || !topic.ends_with(decide_suffix)) return {};
  topic.remove_prefix(cases.size());
  topic.remove_suffix(decide_suffix.size());
  if (!topic.starts_with('/')) return {};
  return parse_number<std::int64_t>(topic.substr(1)).value_or(0);  // 0: a case that there is not
}

CaseChoice CaseChoice::of(std::string_view payload) {
  const json said = json::parse(payload, nullptr, false);
  if (!said.is_object() || !said.contains("choose") || !said["choose"].is_string()) {
    throw std::invalid_argument(
        "a decision is a JSON object with \"choose\", and if need be \"by\" and \"data\"");
  }
  CaseChoice choice;
  choice.choose = said["choose"].get<std::string>();
  if (said.contains("data")) choice.data = json_text(said["data"]);
  if (said.contains("by") && said["by"].is_string()) choice.by = said["by"].get<std::string>();
  return choice;
}

// What is appended together, or not at all.
struct CaseDesk::Entries {
  std::string bytes;
  std::vector<Append> list;

  void add(LaneId lane, const Message& message, InputKind kind = InputKind::message) {
    list.push_back(own_entry(message, lane, bytes, kind));
  }
  bool append_to(JournalCore& core) const { return core.emit(bytes, list) == AppendResult::stored; }
};

Case CaseDesk::decided(JournalCore& core, std::int64_t number, const CaseChoice& choice,
                       std::int64_t wall_ms) const {
  auto found = core.store().policies().find_case(number);
  if (!found || found->policy != policy_) {
    throw std::invalid_argument("there is no case " + std::to_string(number) +
                                "; 'bascule cases list' names those that are open");
  }
  if (found->state != Case::State::open) {
    throw std::invalid_argument("case " + std::to_string(number) + " has been decided already");
  }
  const auto offered = choices(*found);
  if (!offered.empty() &&
      std::find(offered.begin(), offered.end(), choice.choose) == offered.end()) {
    throw std::invalid_argument("case " + std::to_string(number) + " does not offer '" +
                                choice.choose + "'; choose from " + comma_list(offered));
  }
  json decision = {{"choose", choice.choose}, {"by", choice.by}};
  if (!choice.data.empty()) {
    decision["data"] = json::parse(choice.data, nullptr, false);
    if (decision["data"].is_discarded()) throw std::invalid_argument("the data is no JSON");
  }
  found->decision = json_text(decision);
  found->decided_by = choice.by;
  found->decided_ms = wall_ms;
  found->state = Case::State::decided;
  return *std::move(found);
}

void CaseDesk::put_decision(JournalCore& core, const Case& one, Entries& entries) const {
  const LaneId input = core.lane(Direction::down, input_lane(settings_.name));
  const std::string number = std::to_string(one.number);
  entries.add(input, own_message(number, one.decision), InputKind::resolution);
  tell(core, one, entries);
}

void CaseDesk::tell(JournalCore& core, const Case& one, Entries& entries) const {
  if (settings_.cases.empty()) return;
  const std::string topic = case_topic(settings_.cases, one.number);
  const std::string payload = json_text(case_json(one, settings_.name));
  entries.add(core.lane(events_, settings_.lane), own_message(topic, payload, true));
}

bool CaseDesk::decide(JournalCore& core, std::int64_t number, const CaseChoice& choice,
                      std::int64_t wall_ms) {
  const Case one = decided(core, number, choice, wall_ms);
  Entries entries;
  put_decision(core, one, entries);
  if (!entries.append_to(core)) return false;
  core.change().policies().decide_case(one);
  return true;
}

std::optional<std::string> CaseDesk::decide(JournalCore& core, const Message& message,
                                            Direction from, std::int64_t wall_ms) {
  const std::int64_t number = decided_case(settings_.cases, message.topic).value_or(0);
  json answer = {{"number", number}, {"ok", true}};
  Entries entries;
  std::optional<Case> one;
  try {
    const CaseChoice choice = CaseChoice::of(message.payload);
    answer["choose"] = choice.choose;
    answer["by"] = choice.by;
    one = decided(core, number, choice, wall_ms);
    put_decision(core, *one, entries);
  } catch (const std::invalid_argument& refused) {
    answer["ok"] = false;
    answer["error"] = refused.what();
  }
  const Address address = address_of(message);
  const std::string payload = json_text(answer);
  Message back = own_message(address.topic, payload);
  back.properties = address.properties;
  entries.add(core.lane(from == Direction::up ? Direction::down : Direction::up, settings_.lane),
              back);
  if (!entries.append_to(core)) return std::nullopt;
  if (one) {
    core.change().policies().decide_case(*one);
  } else {
    spdlog::warn("policy {}: a decision of case {} over MQTT is refused: {}", settings_.name,
                 number, answer["error"].get<std::string>());
  }
  return payload;
}

std::int64_t CaseDesk::tell_waiting(JournalCore& core, std::int64_t before) {
  const auto waiting = core.store().policies().cases(false, before, told_at_once);
  Entries entries;
  for (const Case& one : waiting) {
    if (one.policy == policy_) tell(core, one, entries);
  }
  if (!entries.list.empty() && !entries.append_to(core)) return before;
  return waiting.size() < told_at_once ? 0 : waiting.back().number;
}

}  // namespace bascule
