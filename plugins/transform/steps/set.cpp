#include "transform/steps/step.hpp"

namespace bascule::transform {

Set::Set(sdk::OptionReader& item, const Names& captures) {
  item.members("set", [&](const std::string& name, sdk::OptionReader value) {
    try {
      members_.emplace_back(Pointer(name), Template(*value.json(""), captures));
    } catch (const std::invalid_argument& error) {
      value.problem("", error.what());
    }
  });
  if (members_.empty()) item.problem("set", "must have a member such as /unit: celsius");
}

Outcome Set::run(Json& document, const Context& context, TopicMemory&) const {
  std::vector<Json> values;
  for (const auto& [at, made] : members_) {
    std::string why;
    auto value = made.fill(context, document, why);
    if (!value) return Outcome::unfit(std::move(why));
    values.push_back(std::move(*value));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& at = members_[i].first;
    if (!at.place(document, std::move(values[i]))) {
      return Outcome::unfit("has no place for " + at.text());
    }
  }
  return {};
}

}  // namespace bascule::transform
