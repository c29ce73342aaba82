#include "conflict/record/validate.hpp"

#include <algorithm>
#include <set>

#include "conflict/record/op.hpp"
#include "conflict/record/record.hpp"

namespace bascule::conflict {

namespace {

// By the field's name, else by what follows its part.
const FieldRules* rules_of(const Options& options, std::string_view field) {
  auto found = options.validate.find(field);
  if (found == options.validate.end() && options.parts()) {
    found = options.validate.find(field.substr(field.find('/') + 1));
  }
  return found == options.validate.end() ? nullptr : &found->second;
}

// The parts that the op makes; the record as a whole is the part "".
std::set<std::string> parts_made(const Options& options, const Op& op, const Record& record) {
  if (op.kind == Kind::remove) return {};
  const bool forgot = op.expects_none() && record.forgotten >= 0;
  const bool anew = record.deleted && (op.kind == Kind::recreate || forgot);
  const bool makes = !record.exists() || anew;
  if (!options.parts()) return makes ? std::set<std::string>{""} : std::set<std::string>{};
  std::set<std::string> parts;
  for (const auto& [name, value] : op.fields) {
    auto part = name.substr(0, name.find('/'));
    if (makes || !record.part_versions.contains(part)) parts.insert(std::move(part));
  }
  return parts;
}

Violation missing(const Options& options, const Op& op, const Record& record) {
  for (const auto& part : parts_made(options, op, record)) {
    for (const auto& [name, rules] : options.validate) {
      if (!rules.required) continue;
      const bool whole_name = part.empty() || name.find('/') != name.npos;
      auto field = whole_name ? std::string() : part + '/';
      field += name;
      if (!part.empty() && !field.starts_with(part + "/")) continue;
      if (!op.fields.contains(field)) return {field, "required"};
    }
  }
  return {};
}

}  // namespace

Violation violation_of(const Options& options, const Op& op, const Record& record) {
  if (options.validate.empty()) return {};
  for (const auto& [name, value] : op.fields) {
    const auto* rules = rules_of(options, name);
    const auto rule = rules == nullptr ? "" : broken_rule(*rules, value);
    if (!rule.empty()) return {name, std::string(rule)};
  }
  return missing(options, op, record);
}

Violation violation_in(const Options& options, const Record& record,
                       const std::vector<std::string>& units) {
  if (options.validate.empty()) return {};
  for (const auto& unit : record.units) {
    if (std::find(units.begin(), units.end(), unit.name) == units.end()) continue;
    const auto* rules = rules_of(options, unit.name);
    const auto rule = rules == nullptr ? "" : broken_rule(*rules, unit.value);
    if (!rule.empty()) return {unit.name, std::string(rule)};
  }
  return {};
}

}  // namespace bascule::conflict
