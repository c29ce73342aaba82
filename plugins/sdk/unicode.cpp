#include "sdk/unicode.hpp"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

namespace bascule::sdk {

namespace {

bool is_space(utf8proc_int32_t point) {
  if (point == 0x85 || (point >= 0x09 && point <= 0x0D)) return true;
  switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string folded(std::string_view text) {
  constexpr auto how =
      utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
  utf8proc_uint8_t* made = nullptr;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = utf8proc_map(bytes, static_cast<utf8proc_ssize_t>(text.size()), &made, how);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(made, &std::free);
  if (size < 0) return std::string(text);
  return {reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)};
}

std::string spaced(std::string_view text) {
  std::string made;
  bool space = false;
  while (!text.empty()) {
    utf8proc_int32_t point = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    auto size = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &point);
    if (size < 1) size = 1;  // a byte that is no UTF-8
    if (point >= 0 && is_space(point)) {
      space = !made.empty();
    } else {
      if (space) made += ' ';
      space = false;
      made += text.substr(0, static_cast<std::size_t>(size));
    }
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return made;
}

}  // namespace bascule::sdk
