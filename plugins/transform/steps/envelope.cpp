#include "transform/steps/step.hpp"

namespace bascule::transform {

Envelope::Envelope(sdk::OptionReader& item, const Names& captures) {
  try {
    template_.emplace(*item.json("envelope"), captures);
  } catch (const std::invalid_argument& error) {
    item.problem("envelope", error.what());
  }
}

Outcome Envelope::run(Json& document, const Context& context, TopicMemory&) const {
  std::string why;
  auto filled = template_->fill(context, document, why);
  if (!filled) return Outcome::unfit(std::move(why));
  document = std::move(*filled);
  return {};
}

}  // namespace bascule::transform
