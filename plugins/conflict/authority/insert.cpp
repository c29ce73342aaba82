#include "conflict/authority/insert.hpp"

#include <map>

#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

constexpr std::size_t bytes_max = 200;  // of a part that is compared; the host's keys have a limit

std::string value_of(const Fields& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? "null" : found->second;
}

}  // namespace

std::string normalise(Normaliser as, std::string_view json) {
  const auto value = parse_json(json);
  if (value.is_null() || value.is_discarded() || value.is_structured()) return {};
  const auto text = value.is_string() ? value.get<std::string>() : value.dump();
  std::string normal;
  for (const unsigned char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (c == 0 || (as == Normaliser::digits && !digit)) continue;
    if (as == Normaliser::folded && (c <= ' ')) {
      if (!normal.empty() && normal.back() != ' ') normal += ' ';
    } else if (as == Normaliser::folded && c >= 'A' && c <= 'Z') {
      normal += static_cast<char>(c - 'A' + 'a');
    } else {
      normal += static_cast<char>(c);
    }
  }
  if (as == Normaliser::folded && normal.ends_with(' ')) normal.pop_back();
  if (normal.size() > bytes_max) normal.resize(bytes_max);
  return normal;
}

Match match_insert(Turn& turn, const Op& op) {
  const auto& parts = turn.options.insert_match;
  if (op.central) return {Match::Is::new_record, "", Standing::created, {}};
  if (parts.empty()) return {Match::Is::new_record, "", Standing::reconciled, {}};
  std::map<std::string, std::size_t> matches;
  bool missing = false;
  for (const auto& part : parts) {
    const auto value = normalise(part.as, value_of(op.fields, part.field));
    missing |= value.empty();
    if (value.empty()) continue;
    for (const auto& key : turn.state.indexed(part.field, value)) {
      if (key != op.key) ++matches[key];
    }
  }
  std::vector<std::string> full;
  std::vector<std::string> near;
  for (const auto& [key, count] : matches) {
    if (count == parts.size()) full.push_back(key);
    if (count > 0 && count + 1 == parts.size()) near.push_back(key);
  }
  if (!missing && full.size() == 1) return {Match::Is::part_of, full[0], Standing::merged, {}};
  if (!missing && full.empty() && near.empty()) {
    return {Match::Is::new_record, "", Standing::reconciled, {}};
  }
  if (missing) {
    near.clear();
    for (const auto& [key, count] : matches) near.push_back(key);
  } else {
    near.insert(near.begin(), full.begin(), full.end());
  }
  return {Match::Is::new_record, "", Standing::unknown, near};
}

void index_record(Turn& turn, std::string_view key, const Record& record) {
  if (turn.options.insert_match.empty()) return;
  const auto before = turn.state.record(key);
  const auto value = [](const Record& of, const std::string& field) -> std::string_view {
    const auto* unit = of.live() ? of.find(field) : nullptr;
    return unit == nullptr ? std::string_view("null") : unit->value;
  };
  for (const auto& part : turn.options.insert_match) {
    const auto old_value = before ? normalise(part.as, value(*before, part.field)) : "";
    const auto new_value = normalise(part.as, value(record, part.field));
    if (old_value == new_value) continue;
    if (!old_value.empty()) turn.state.unindex(part.field, old_value, key);
    if (!new_value.empty()) turn.state.index(part.field, new_value, key);
  }
}

}  // namespace bascule::conflict
