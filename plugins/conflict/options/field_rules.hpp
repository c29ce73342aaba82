// The option validate: rules on the values of each field. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::sdk {
class OptionReader;
}

namespace bascule::conflict {

using namespace sdk;

struct Expression;  // a regular expression

enum class Type { any, string, integer, number, boolean, list, object };

// The rules of one field; those that are not set hold for everything.
struct FieldRules {
  Type type = Type::any;
  bool required = false;
  std::optional<double> min, max;
  std::optional<std::uint64_t> length_max;  // of a text in characters, of a list in members
  std::vector<std::string> choices;         // JSON texts
  std::shared_ptr<const Expression> pattern;
};

// The rule, in the words of the options, that a value (JSON) does not hold to; empty: it holds to
// all. "null": the field is taken away.
std::string_view broken_rule(const FieldRules& rules, std::string_view json);

// Reads `validate:`, by the fields' names.
std::map<std::string, FieldRules, std::less<>> read_field_rules(OptionReader& reader);

}  // namespace bascule::conflict
