#include "conflict/merge/rules.hpp"

#include <algorithm>
#include <vector>

#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

// The newest among the values of one side, else of all.
int newest_of_side(const Authors& authors, const std::vector<Head>& heads, bool central) {
  for (int i = static_cast<int>(heads.size()) - 1; i >= 0; --i) {
    if (authors.at(heads[static_cast<std::size_t>(i)].author).central == central) return i;
  }
  return static_cast<int>(heads.size()) - 1;
}

// Of equal ones the newest.
int greatest(const std::vector<Head>& heads, bool least) {
  int best = 0;
  auto best_value = parse_json(heads[0].value);
  for (std::size_t i = 1; i < heads.size(); ++i) {
    auto value = parse_json(heads[i].value);
    if (least ? best_value < value : value < best_value) continue;
    best = static_cast<int>(i);
    best_value = std::move(value);
  }
  return best;
}

std::string united(const std::vector<Head>& heads) {
  std::vector<Json> members;
  for (const auto& head : heads) {
    const auto value = parse_json(head.value);
    members.insert(members.end(), value.begin(), value.end());
  }
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return Json(members).dump();
}

}  // namespace

Winner settle(Rule rule, const Record& record, const Unit& unit) {
  const auto& heads = record.heads(unit);
  int head = static_cast<int>(heads.size()) - 1;
  switch (rule) {
    case Rule::newest:
    case Rule::sum:
      break;
    case Rule::first:
      head = 0;
      break;
    case Rule::max:
    case Rule::min:
      head = greatest(heads, rule == Rule::min);
      break;
    case Rule::central:
    case Rule::site:
      head = newest_of_side(record.authors, heads, rule == Rule::central);
      break;
    case Rule::unite:
      if (heads.size() > 1) return {SharedText(united(heads)), -1};
      break;
    case Rule::ask:
      if (heads.size() > 1) return {unit.value, -1};
      break;
  }
  return {heads[static_cast<std::size_t>(head)].value, head};
}

bool by_time(Rule rule) {
  return rule == Rule::newest || rule == Rule::first || rule == Rule::central || rule == Rule::site;
}

std::string misfit(Rule rule, const std::string& value) {
  if (rule == Rule::sum && !parse_json(value).is_number_integer()) return "not_an_integer";
  if (rule == Rule::unite && !parse_json(value).is_array()) return "not_an_array";
  return {};
}

}  // namespace bascule::conflict
