#include "text/wording.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <numeric>

namespace bascule {
namespace {

constexpr std::size_t quoted_bytes_max = 60;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Levenshtein's distance, one row at a time.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::size_t length = std::min(text.size(), quoted_bytes_max);
  while (length < text.size() && length > 0 && continues_character(text[length])) --length;
  std::string out = "\"";
  for (char c : text.substr(0, length)) {
    out += std::iscntrl(static_cast<unsigned char>(c)) ? '?' : c;
  }
  if (length < text.size()) out += "...";
  return out + '"';
}

std::string single_quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string comma_list(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string_view nearest(std::string_view typed, const std::vector<std::string_view>& valid) {
  if (typed.size() > quoted_bytes_max) return {};
  const std::string word = lower(typed);
  std::string_view best;
  std::size_t fewest = 2 + word.size() / 4;  // not near: this many edits, or more
  for (std::string_view candidate : valid) {
    const std::size_t distance = edits(word, lower(candidate));
    if (distance < fewest && distance < candidate.size()) {
      fewest = distance;
      best = candidate;
    }
  }
  if (!best.empty() || word.size() < 2) return best;
  for (std::string_view candidate : valid) {  // "password" for "password_file", "upload" for "up"
    if (candidate.starts_with(word) || word.starts_with(candidate)) return candidate;
  }
  return {};
}

std::string suggestion(std::string_view typed, const std::vector<std::string_view>& valid) {
  const std::string_view meant = nearest(typed, valid);
  if (!meant.empty()) return "did you mean " + in_quotes(meant) + "?";
  std::string out = "use ";
  for (std::size_t i = 0; i < valid.size(); ++i) {
    if (i > 0) out += i + 1 == valid.size() ? " or " : ", ";
    out += valid[i];
  }
  return out;
}

}  // namespace bascule
