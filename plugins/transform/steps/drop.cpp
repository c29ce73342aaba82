#include <algorithm>

#include "transform/steps/step.hpp"

namespace bascule::transform {

namespace {

// A list is any of its values. Numbers are equal by value: 1 is 1.0.
bool equals(const Json& wanted, const Json& value) {
  if (!wanted.is_array()) return wanted == value;
  return std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

}  // namespace

Drop::Drop(sdk::OptionReader& item) {
  auto reader = item.section("drop");
  at_ = pointer_option(reader, "at");
  if (const auto* json = reader.json("is")) is_ = *json;
  if (const auto* json = reader.json("is_not")) is_not_ = *json;
  above_ = reader.number("above");
  below_ = reader.number("below");
  missing_ = reader.flag("missing");
  const bool any = is_ || is_not_ || above_ || below_;
  if (any == missing_) {
    item.problem("drop", "must have is, is_not, above or below, or missing: true alone");
  }
  reader.refuse_others();
}

Outcome Drop::run(Json& document, const Context&, TopicMemory&) const {
  const Json* value = at_.find(document);
  if (value == nullptr) return missing_ ? Outcome::dropped("is missing") : Outcome{};
  if (missing_) return {};
  if (is_ && !equals(*is_, *value)) return {};
  if (is_not_ && equals(*is_not_, *value)) return {};
  if ((above_ || below_) && !value->is_number()) return {};
  if (above_ && !(value->get<double>() > *above_)) return {};
  if (below_ && !(value->get<double>() < *below_)) return {};
  constexpr std::size_t shown = 100;
  return Outcome::dropped(
      "is " + value->dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, shown));
}

}  // namespace bascule::transform
