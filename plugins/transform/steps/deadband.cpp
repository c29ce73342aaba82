#include <algorithm>
#include <cmath>
#include <limits>

#include "transform/steps/step.hpp"

namespace bascule::transform {
namespace {

// A decimal fraction is seldom a whole double: 21.5 and 21.6 differ by a little more than 0.1.
double inexact(double a, double b) {
  return 4 * std::numeric_limits<double>::epsilon() * std::max(std::abs(a), std::abs(b));
}

}  // namespace

Deadband::Deadband(sdk::OptionReader& item)
    : name_("deadband " +
            item.json("deadband")->dump(-1, ' ', true, Json::error_handler_t::replace)) {
  auto reader = item.section("deadband");
  at_ = pointer_option(reader, "at");
  const auto within = reader.number("within", 0);
  if (!within) item.problem("deadband", "must have within: a number, or 0 for any change");
  within_ = within.value_or(0);
  or_after_ms_ = reader.duration_ms("or_after", time_max_ms, 0);
  reader.refuse_others();
}

Outcome Deadband::run(Json& document, const Context&, TopicMemory& memory) const {
  const Json* found = at_.find(document);
  if (found == nullptr || (!found->is_number() && !found->is_boolean())) {
    return Outcome::unfit("has no number at \"" + at_.text() + "\"");
  }
  if (!memory.fits()) return Outcome::unfit("has too long a topic to be remembered");
  const double value = found->is_boolean() ? double(found->get<bool>()) : found->get<double>();
  const auto last = memory.last(name_);
  const bool silent =
      last && or_after_ms_ > 0 && elapsed_ms(last->at, memory.now()) >= or_after_ms_;
  const bool near = last && std::abs(value - last->value) <=
                                within_ + (within_ > 0 ? inexact(value, last->value) : 0);
  if (near && !silent) {
    return Outcome::dropped("is " + Json(value).dump() + ", and " + Json(last->value).dump() +
                            " passed");
  }
  memory.note(name_, value);
  return {};
}

}  // namespace bascule::transform
