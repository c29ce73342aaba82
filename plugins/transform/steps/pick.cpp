#include "transform/steps/step.hpp"

namespace bascule::transform {

Pick::Pick(sdk::OptionReader& item) {
  alone_ = item.json("pick")->is_string();
  try {
    for (const auto& text : item.texts("pick")) members_.emplace_back(text);
  } catch (const std::invalid_argument& error) {
    item.problem("pick", error.what());
  }
  if (item.json("pick")->empty())
    item.problem("pick", "must be a pointer such as /value, or a list of them");
}

Outcome Pick::run(Json& document, const Context&, TopicMemory&) const {
  if (alone_) {
    auto value = members_.front().take(document);
    if (!value) return Outcome::unfit("has no " + members_.front().text());
    document = std::move(*value);
    return {};
  }
  Json picked = Json::object();
  bool any = false;
  for (const auto& member : members_) {
    const auto* value = member.find(document);
    if (value == nullptr) continue;
    any = true;
    if (!member.place(picked, *value)) return Outcome::unfit("has no place for " + member.text());
  }
  if (!any) return Outcome::unfit("has none of what is picked");
  document = std::move(picked);
  return {};
}

}  // namespace bascule::transform
