#include <cmath>

#include "transform/steps/step.hpp"

namespace bascule::transform {

namespace {

constexpr double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
constexpr double whole_max = 9007199254740992;  // 2^53: beyond, not each whole number is one

}  // namespace

Scale::Scale(sdk::OptionReader& item) {
  auto reader = item.section("scale");
  at_ = pointer_option(reader, "at");
  const auto by = reader.number("by", -1e12, 1e12);
  const auto offset = reader.number("offset", -1e12, 1e12);
  if (reader.has("decimals")) {
    decimals_ = static_cast<int>(reader.whole("decimals", 0, std::size(powers) - 1, 0));
  }
  if (!by && !offset && !decimals_) item.problem("scale", "must have by, offset or decimals");
  by_ = by.value_or(1);
  offset_ = offset.value_or(0);
  reader.refuse_others();
}

Outcome Scale::run(Json& document, const Context&, TopicMemory&) const {
  Json* value = at_.find(document);
  if (value == nullptr || !value->is_number()) {
    return Outcome::unfit("has no number at \"" + at_.text() + "\"");
  }
  double scaled = value->get<double>() * by_ + offset_;
  if (decimals_) {
    const double shifted = scaled * powers[*decimals_];
    // So large a number has no such decimals.
    if (std::abs(shifted) < whole_max) scaled = std::round(shifted) / powers[*decimals_];
  }
  if (!std::isfinite(scaled)) return Outcome::unfit("is too large a number when scaled");
  if (scaled == 0) scaled = 0;  // there is no -0
  if (decimals_ == 0 && std::abs(scaled) < whole_max) {
    *value = static_cast<std::int64_t>(scaled);
  } else {
    *value = scaled;
  }
  return {};
}

}  // namespace bascule::transform
