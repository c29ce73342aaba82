#include "conflict/record/marks.hpp"

#include "sdk/number.hpp"

namespace bascule::conflict {

std::string mark_text(std::string_view hub, std::uint64_t number) {
  return std::string(hub) + '/' + std::to_string(number);
}

std::optional<Mark> parse_mark(std::string_view text) {
  const auto slash = text.rfind('/');
  if (slash == text.npos) return std::nullopt;
  const auto number = sdk::whole_number(text.substr(slash + 1));
  if (!number || *number < 0) return std::nullopt;
  return Mark{text.substr(0, slash), static_cast<std::uint64_t>(*number)};
}

std::optional<std::uint64_t> mark_of(std::string_view hub, std::string_view marks) {
  while (!marks.empty()) {
    const auto one = marks.substr(0, marks.find(' '));
    marks.remove_prefix(one.size() == marks.size() ? one.size() : one.size() + 1);
    const auto mark = parse_mark(one);
    if (mark && mark->hub == hub) return mark->number;
  }
  return std::nullopt;
}

}  // namespace bascule::conflict
