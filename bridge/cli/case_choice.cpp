#include "cli/case_choice.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>

#include "text/fields.hpp"
#include "text/json_text.hpp"
#include "text/number.hpp"

namespace bascule {
namespace {

using nlohmann::json;

// The place of what is numbered from 1; nothing: there is none of this number.
std::optional<std::size_t> place_of(const std::string& number, std::size_t count) {
  const auto parsed = parse_number<std::size_t>(number);
  if (!parsed || *parsed == 0 || *parsed > count) return std::nullopt;
  return *parsed - 1;
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(i + 1) + " " + words[i];
  }
  return text;
}

std::string chosen(const std::vector<std::string>& names, const std::string& choice) {
  if (names.empty() || std::ranges::find(names, choice) != names.end()) return choice;
  if (const auto place = place_of(choice, names.size())) return names[*place];
  throw std::invalid_argument("the case does not offer '" + choice + "'; choose from " +
                              listed(names));
}

json taken(const json& values, const std::string& value) {
  std::vector<std::string> words;
  for (const json& one : values) {
    words.push_back(json_text(one.value("value", json())) + " from " + text_of(one, "origin"));
  }
  const auto place = place_of(value, words.size());
  if (!place) {
    throw std::invalid_argument((value.empty() ? "'take' needs the number of a value"
                                               : "there is no value " + value + " to take") +
                                std::string("; there are ") + listed(words));
  }
  return {{"op", text_of(values[*place], "op")}};
}

}  // namespace

std::vector<std::string> case_choices(const json& one) {
  std::vector<std::string> names;
  const json& data = part_of(one, "data");
  for (const json& choice : part_of(data, "choices")) {
    std::string name = choice.is_string() ? choice.get<std::string>() : text_of(choice, "name");
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

CaseDecision case_decision(const json& one, const std::string& choice, const std::string& value,
                           const std::string& data) {
  if (const std::string state = text_of(one, "state"); !state.empty() && state != "open") {
    throw std::invalid_argument("the case is " + state + " already");
  }
  CaseDecision decision{chosen(case_choices(one), choice), data};
  if (!data.empty()) {
    if (!json::accept(data)) throw std::invalid_argument("what --data has is no JSON");
    return decision;
  }
  const json& values = part_of(part_of(one, "data"), "values");
  if (decision.choose == "take" && values.is_array() && !values.empty()) {
    decision.data = json_text(taken(values, value));
  } else if (decision.choose == "set" && values.is_array() && !values.empty()) {
    if (value.empty()) throw std::invalid_argument("'set' needs the value");
    const json parsed = json::parse(value, nullptr, false);
    decision.data = json_text(json{{"value", parsed.is_discarded() ? json(value) : parsed}});
  } else if (!value.empty()) {
    throw std::invalid_argument("'" + decision.choose +
                                "' takes no value; what else the policy "
                                "wants to know goes with --data");
  }
  return decision;
}

}  // namespace bascule
