#include "conflict/options/field_rules.hpp"

#include <algorithm>
#include <regex>

#include "sdk/option_reader.hpp"

namespace bascule::conflict {

struct Expression {
  std::regex regex;
};

namespace {

// A longer text fits no pattern: what a pattern takes grows with the text.
constexpr std::size_t pattern_bytes_max = 1'000;

constexpr Word<Type> types[]{{"string", Type::string}, {"integer", Type::integer},
                             {"number", Type::number}, {"boolean", Type::boolean},
                             {"list", Type::list},     {"object", Type::object}};

bool is_of(Type type, const Json& value) {
  switch (type) {
    case Type::any:
      break;
    case Type::string:
      return value.is_string();
    case Type::integer:
      return value.is_number_integer();
    case Type::number:
      return value.is_number();
    case Type::boolean:
      return value.is_boolean();
    case Type::list:
      return value.is_array();
    case Type::object:
      return value.is_object();
  }
  return true;
}

// Of UTF-8 in characters.
std::size_t length_of(const Json& value) {
  if (!value.is_string()) return value.size();
  const auto& text = value.get_ref<const std::string&>();
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](unsigned char byte) { return (byte & 0xC0) != 0x80; }));
}

bool fits(const Expression& pattern, const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() <= pattern_bytes_max && std::regex_match(text, pattern.regex);
}

void read_bounds(OptionReader& entry, FieldRules& rules) {
  rules.min = entry.number("min");
  rules.max = entry.number("max");
  if (rules.min && rules.max && *rules.max < *rules.min) {
    entry.problem("max", "must not be less than min");
  }
  const bool numeric =
      rules.type == Type::any || rules.type == Type::integer || rules.type == Type::number;
  if (!numeric && (rules.min || rules.max)) {
    entry.problem("type", "must be integer or number for min and max");
  }
}

void read_pattern(OptionReader& entry, FieldRules& rules) {
  const auto pattern = entry.text("pattern", "");
  if (pattern.empty()) return;
  if (rules.type != Type::any && rules.type != Type::string) {
    entry.problem("type", "must be string for a pattern");
  }
  try {
    rules.pattern = std::make_shared<Expression>(
        Expression{std::regex(pattern, std::regex::ECMAScript | std::regex::optimize)});
  } catch (const std::regex_error&) {
    entry.problem("pattern", "is no regular expression (ECMAScript)");
  }
}

}  // namespace

std::string_view broken_rule(const FieldRules& rules, std::string_view json) {
  if (json == "null") return rules.required ? "required" : "";
  const auto value = parse_json(json);
  if (!is_of(rules.type, value)) return "type";
  const auto& choices = rules.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), json) == choices.end()) {
    return "enum";
  }
  if (rules.min && !(value.is_number() && value.get<double>() >= *rules.min)) return "min";
  if (rules.max && !(value.is_number() && value.get<double>() <= *rules.max)) return "max";
  const bool has_length = value.is_string() || value.is_array();
  if (rules.length_max && !(has_length && length_of(value) <= *rules.length_max)) {
    return "max_length";
  }
  if (rules.pattern && !fits(*rules.pattern, value)) return "pattern";
  return "";
}

std::map<std::string, FieldRules, std::less<>> read_field_rules(OptionReader& reader) {
  std::map<std::string, FieldRules, std::less<>> all;
  reader.members("validate", [&](const std::string& name, OptionReader entry) {
    if (!entry.is_object()) return entry.problem("", "must be a section of rules");
    auto& rules = all[name];
    entry.choose("type", types, rules.type);
    rules.required = entry.flag("required");
    read_bounds(entry, rules);
    if (entry.has("max_length")) {
      rules.length_max = static_cast<std::uint64_t>(entry.whole("max_length", 0, 16'777'216, 0));
    }
    const bool sized = rules.type == Type::any || rules.type == Type::string;
    if (rules.length_max && !sized && rules.type != Type::list) {
      entry.problem("/type", "must be string or list for max_length");
    }
    rules.choices = entry.values("enum");
    read_pattern(entry, rules);
    entry.refuse_others();
  });
  return all;
}

}  // namespace bascule::conflict
