#include "message/topic.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace bascule {
namespace {

constexpr std::size_t text_bytes_max = 65'535;

// The length of the well-formed UTF-8 character at `p`, of which `left` bytes may be read; 0 if
// there is none (Unicode, table 3-7).
std::size_t character_length(const unsigned char* p, std::size_t left) {
  const unsigned char first = p[0];
  if (first < 0x80) return first != 0 ? 1 : 0;

  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (first < 0xC2 || first > 0xF4 || left < length) return 0;

  const unsigned char lowest = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char highest = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (p[1] < lowest || p[1] > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((p[i] & 0xC0) != 0x80) return 0;
  }
  return length;
}

// Whether the eight bytes at `p` are all ASCII and none is zero.
bool plain_ascii(const unsigned char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return (((word - 0x0101010101010101u) | word) & 0x8080808080808080u) == 0;
}

bool refuse(std::string* why, const char* reason) {
  if (why) *why = reason;
  return false;
}

// What names and filters have in common.
bool valid_text(std::string_view text, std::string* why) {
  if (text.empty()) return refuse(why, "it is empty");
  if (text.size() > text_bytes_max) return refuse(why, "it is longer than 65,535 bytes");
  if (!valid_utf8(text)) return refuse(why, "it is not valid UTF-8");
  return true;
}

using Levels = std::vector<std::string_view>;

Levels split(std::string_view text) {
  Levels levels;
  for (;;) {
    const auto slash = text.find('/');
    levels.push_back(text.substr(0, slash));
    if (slash == text.npos) return levels;
    text.remove_prefix(slash + 1);
  }
}

std::string text_of(const Levels& levels) {
  std::string text;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (i > 0) text += '/';
    text += levels[i];
  }
  return text;
}

bool begins_with_dollar(std::string_view text) { return text.substr(0, 1) == "$"; }
bool begins_with_wildcard(std::string_view filter) {
  return filter.substr(0, 1) == "+" || filter.substr(0, 1) == "#";
}

}  // namespace

bool well_formed_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = p + text.size();
  while (p < end) {
    if (end - p >= 8 && plain_ascii(p)) {
      p += 8;
      continue;
    }
    const auto length = character_length(p, static_cast<std::size_t>(end - p));
    if (length == 0) return false;
    p += length;
  }
  return true;
}

bool valid_utf8(std::string_view text) {
  return text.size() <= text_bytes_max && well_formed_utf8(text);
}

bool valid_topic(std::string_view topic, std::string* why) {
  if (!valid_text(topic, why)) return false;
  if (topic.find('+') != topic.npos || topic.find('#') != topic.npos) {
    return refuse(why, "+ and # may stand in filters only");
  }
  return true;
}

bool valid_filter(std::string_view filter, std::string* why) {
  if (!valid_text(filter, why)) return false;
  for (std::size_t i = 0; i < filter.size(); ++i) {
    if (filter[i] != '+' && filter[i] != '#') continue;
    const bool last = i + 1 == filter.size();
    const bool alone = (i == 0 || filter[i - 1] == '/') && (last || filter[i + 1] == '/');
    if (!alone) return refuse(why, "+ and # must stand alone in their level");
    if (filter[i] == '#' && !last) return refuse(why, "# must be the last level");
  }
  return true;
}

bool matches(std::string_view filter, std::string_view topic) {
  if (begins_with_dollar(topic) && begins_with_wildcard(filter)) return false;
  std::size_t t = 0;
  for (std::size_t f = 0; f < filter.size(); ++f) {
    if (filter[f] == '#') return true;
    if (filter[f] == '+') {
      t = std::min(topic.find('/', t), topic.size());
    } else if (t == topic.size()) {
      return filter.substr(f) == "/#";  // # stands for the parent, too
    } else if (filter[f] != topic[t++]) {
      return false;
    }
  }
  return t == topic.size();
}

bool overlap(std::string_view a, std::string_view b) { return !meet(a, b).empty(); }

bool covers(std::string_view wide, std::string_view narrow) {
  if (begins_with_wildcard(wide) && begins_with_dollar(narrow)) return false;
  const Levels w = split(wide);
  const Levels n = split(narrow);
  for (std::size_t i = 0;; ++i) {
    if (i < w.size() && w[i] == "#") return true;
    if (i == w.size() || i == n.size()) return w.size() == n.size();
    if (n[i] == "#") {
      // # matches its parent and + does not, unless that parent would be the empty topic.
      const bool has_parent = i > 1 || (i == 1 && !n[0].empty());
      return !has_parent && w[i] == "+" && i + 2 == w.size() && w[i + 1] == "#";
    }
    if (w[i] != "+" && w[i] != n[i]) return false;
  }
}

std::string meet(std::string_view a, std::string_view b) {
  if (begins_with_wildcard(a) && begins_with_dollar(b)) return {};
  if (begins_with_wildcard(b) && begins_with_dollar(a)) return {};
  const Levels as = split(a);
  const Levels bs = split(b);
  Levels both;
  for (std::size_t i = 0;; ++i) {
    const bool a_open = i < as.size() && as[i] == "#";
    const bool b_open = i < bs.size() && bs[i] == "#";
    if (a_open || b_open) {
      const Levels& other = a_open ? bs : as;
      both.insert(both.end(), other.begin() + static_cast<std::ptrdiff_t>(i), other.end());
      return text_of(both);
    }
    if (i == as.size() || i == bs.size()) return as.size() == bs.size() ? text_of(both) : "";
    if (as[i] != bs[i] && as[i] != "+" && bs[i] != "+") return {};
    both.push_back(as[i] == "+" ? bs[i] : as[i]);
  }
}

std::vector<std::string> filters_over(std::string_view topic, std::size_t most) {
  const Levels levels = split(topic);
  if (levels.size() >= 32 || 3 * (std::size_t{1} << levels.size()) - 1 > most) return {};
  std::vector<std::string> filters;
  std::vector<std::string> heads{""};  // of so many levels
  for (std::size_t i = 0; i < levels.size(); ++i) {
    std::vector<std::string> longer;
    for (const std::string& head : heads) {
      filters.push_back(head + '#');
      const bool last = i + 1 == levels.size();
      const std::string end = last ? "" : "/";
      longer.push_back(head + std::string(levels[i]) + end);
      longer.push_back(head + '+' + end);
    }
    heads = std::move(longer);
  }
  for (const std::string& whole : heads) {
    filters.push_back(whole + "/#");
    filters.push_back(whole);
  }
  std::erase_if(filters, [&](const std::string& filter) { return !matches(filter, topic); });
  std::ranges::reverse(filters);
  return filters;
}

std::string join(std::string_view a, std::string_view b) {
  const Levels as = split(a);
  const Levels bs = split(b);
  const bool dollar = begins_with_dollar(a) || begins_with_dollar(b);
  if (dollar && as[0] != bs[0]) return {};
  Levels either;
  for (std::size_t i = 0; i < as.size() || i < bs.size(); ++i) {
    if (i >= as.size() || i >= bs.size() || as[i] == "#" || bs[i] == "#") {
      either.push_back("#");
      break;
    }
    either.push_back(as[i] == bs[i] ? as[i] : "+");
  }
  return text_of(either);
}

}  // namespace bascule
