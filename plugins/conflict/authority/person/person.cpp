#include "conflict/authority/person/person.hpp"

#include "conflict/merge/merge.hpp"
#include "conflict/record/validate.hpp"
#include "sdk/json.hpp"

namespace bascule::conflict {

Op op_of_person(Turn& turn, const std::string& key, const Record& record) {
  Op op;
  op.id = id_of(turn.input);
  op.key = key;
  op.base = record.version;
  op.quality = BaseQuality::given;
  op.hlc = turn.stamp();
  op.central = true;
  op.arrived_ms = turn.now_ms;
  const auto json = parse_json(turn.input.payload());
  if (json.is_object() && json.contains("by") && json["by"].is_string()) op.person = json["by"];
  return op;
}

std::string objection(const Options& options, const Op& op, const Record& record) {
  auto wrong = unfit(options, op);
  if (!wrong.empty()) return "a value is " + wrong;
  const auto invalid = violation_of(options, op, record);
  return invalid.any() ? "`" + invalid.rule + "` of `" + invalid.field + "` does not hold" : "";
}

}  // namespace bascule::conflict
