#include <set>

#include "transform/steps/step.hpp"

namespace bascule::transform {

Rename::Rename(sdk::OptionReader& item) {
  std::set<std::string> targets;
  item.members("rename", [&](const std::string& name, sdk::OptionReader target) {
    try {
      const auto text = target.text("", "");
      members_.emplace_back(Pointer(name), Pointer(text));
      if (!targets.insert(text).second) target.problem("", "is a name that another gets, too");
    } catch (const std::invalid_argument& error) {
      target.problem("", error.what());
    }
  });
  if (members_.empty()) item.problem("rename", "must have a member such as /temp: /temperature");
}

// All are taken out before one is put back, so that two can change places.
Outcome Rename::run(Json& document, const Context&, TopicMemory&) const {
  std::vector<std::optional<Json>> values;
  for (const auto& [from, to] : members_) values.push_back(from.take(document));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& to = members_[i].second;
    if (values[i] && !to.place(document, std::move(*values[i]))) {
      return Outcome::unfit("has no place for " + to.text());
    }
  }
  return {};
}

}  // namespace bascule::transform
