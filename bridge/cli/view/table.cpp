#include "cli/view/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "cli/view/terminal.hpp"

namespace bascule {

namespace {

constexpr std::string_view gap = "  ";

constexpr std::string_view sequence(Tone tone) {
  switch (tone) {
    case Tone::faint:
      return "\033[2m";
    case Tone::strong:
      return "\033[1m";
    case Tone::good:
      return "\033[32m";
    case Tone::warn:
      return "\033[33m";
    case Tone::bad:
      return "\033[1;31m";
    case Tone::plain:
      break;
  }
  return "";
}

// Of text that is escaped.
std::string toned(const std::string& text, Tone tone, bool colour) {
  if (!colour || tone == Tone::plain) return text;
  return std::string(sequence(tone)) + text + "\033[0m";
}

void trim_end(std::string& line) { line.erase(line.find_last_not_of(' ') + 1); }

}  // namespace

std::size_t page_columns(int fd) {
  winsize size{};
  if (::isatty(fd) == 0) return 0;
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool colours_on(int fd) {
  const char* forbidden = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return ::isatty(fd) && !(forbidden && *forbidden) && terminal &&
         std::string_view(terminal) != "dumb";
}

std::string painted(std::string_view text, Tone tone, bool colour) {
  return toned(escaped(text), tone, colour);
}

std::string painted_lines(std::string_view text, Tone tone, bool colour, std::size_t page,
                          std::size_t indent) {
  const std::string space(indent, ' ');
  std::string rest = escaped(text), lines;
  while (page > indent && width(rest) > page - indent) {
    // In bytes, so a line may end early where there are characters of several.
    const std::size_t blank = rest.rfind(' ', page - indent);
    const std::size_t end = blank == std::string::npos || blank == 0 ? rest.find(' ') : blank;
    if (end == std::string::npos) break;
    lines += space + toned(rest.substr(0, end), tone, colour) + '\n';
    rest.erase(0, end + 1);
  }
  return lines + space + toned(rest, tone, colour) + '\n';
}

std::string folded(const std::string& text, std::size_t page) {
  constexpr std::string_view indent = "    ";
  if (page == 0) return text;
  std::string whole, line;
  std::size_t columns = 0, blank = 0;  // of the line; the place of its last blank
  bool escape = false;
  for (const char c : text) {
    line += c;
    if (c == '\n') {
      whole += std::exchange(line, {});
      columns = blank = 0;
      continue;
    }
    escape = escape || c == '\033';
    if (!escape) columns += width(std::string_view(&c, 1));
    if (escape && c == 'm') escape = false;
    if (c == ' ' && line.find_first_not_of(' ') != std::string::npos) blank = line.size() - 1;
    if (columns <= page || blank == 0) continue;
    whole += line.substr(0, blank) + '\n';
    line = std::string(indent) + line.substr(blank + 1);
    columns = width(line);  // an escape that is in there counts, too: it is short
    blank = 0;
  }
  return whole + line;
}

void Table::row(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }

void Table::note(Cell text) { rows_.push_back({std::move(text)}); }

// What is too much is taken from the widest of the columns that give, one after the other.
std::vector<std::size_t> Table::widths(std::size_t page) const {
  constexpr std::size_t narrowest = 8;
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(width(escaped(column.heading)));
  for (const auto& cells : rows_) {
    if (cells.size() != columns_.size()) continue;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      widths[i] = std::max(widths[i], width(escaped(cells[i].text)));
    }
  }
  std::size_t whole = gap.size() * (widths.size() - 1);
  for (const std::size_t one : widths) whole += one;
  while (page > 0 && whole > page) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (!columns_[i].gives || widths[i] <= narrowest) continue;
      if (widest == widths.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == widths.size()) break;
    --widths[widest];
    --whole;
  }
  return widths;
}

std::string Table::text(bool colour, std::size_t page) const {
  std::vector<std::vector<Cell>> lines;
  auto& heading = lines.emplace_back();
  for (const auto& column : columns_) heading.emplace_back(column.heading, Tone::faint);
  lines.insert(lines.end(), rows_.begin(), rows_.end());

  const std::vector<std::size_t> widths = this->widths(page);
  std::string whole;
  for (const auto& cells : lines) {
    if (cells.size() != columns_.size()) {
      whole += painted_lines(cells[0].text, cells[0].tone, colour, page, gap.size());
      continue;
    }
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string shown = shortened(escaped(cells[i].text), widths[i]);
      const std::string space(widths[i] - width(shown), ' ');
      const std::string word = toned(shown, cells[i].tone, colour);
      if (i > 0) line += gap;
      line += columns_[i].align == Align::right ? space + word : word + space;
    }
    trim_end(line);
    whole += line + '\n';
  }
  return whole;
}

}  // namespace bascule
