// Rules on what may be in a record (option validate): the last step before it is sent.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::conflict {

class OptionReader;
struct Op;
struct Options;
struct Record;
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

// Which rule of which field does not hold, in the words of the options; empty: all hold.
struct Violation {
  std::string field;
  std::string rule;
  bool any() const { return !field.empty(); }
};

// Of the fields that an op writes, also those that it leaves out of a record that it makes.
Violation violation_of(const Options& options, const Op& op, const Record& record);
// Of a record that these units were merged into.
Violation violation_in(const Options& options, const Record& record,
                       const std::vector<std::string>& units);

// Reads `validate:`.
void read_validate(OptionReader& reader, Options& options);

}  // namespace bascule::conflict
