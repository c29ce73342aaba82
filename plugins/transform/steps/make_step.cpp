#include <algorithm>
#include <iterator>
#include <string_view>

#include "transform/steps/step.hpp"

namespace bascule::transform {

namespace {

template <class Kind>
std::unique_ptr<Step> plain(sdk::OptionReader& item, const Names&) {
  return std::make_unique<Kind>(item);
}
template <class Kind>
std::unique_ptr<Step> with_template(sdk::OptionReader& item, const Names& captures) {
  return std::make_unique<Kind>(item, captures);
}

struct Known {
  std::string_view kind;
  std::unique_ptr<Step> (*make)(sdk::OptionReader&, const Names&);
};
constexpr Known known[] = {
    {"envelope", with_template<Envelope>},
    {"pick", plain<Pick>},
    {"rename", plain<Rename>},
    {"set", with_template<Set>},
    {"scale", plain<Scale>},
    {"deadband", plain<Deadband>},
    {"every", plain<Every>},
    {"drop", plain<Drop>},
};

}  // namespace

std::unique_ptr<Step> make_step(const std::string& kind, sdk::OptionReader& item,
                                const Names& captures) {
  const auto* found = std::find_if(std::begin(known), std::end(known),
                                   [&](const Known& one) { return one.kind == kind; });
  return found == std::end(known) ? nullptr : found->make(item, captures);
}

std::string step_kinds() {
  std::string text;
  for (const auto& one : known) text.append(one.kind).append(", ");
  return text + "batch";
}

Pointer pointer_option(sdk::OptionReader& reader, const std::string& name) {
  const auto text = reader.text(name, "");
  try {
    return Pointer(text);
  } catch (const std::invalid_argument& error) {
    reader.problem(name, error.what());
    return {};
  }
}

}  // namespace bascule::transform
