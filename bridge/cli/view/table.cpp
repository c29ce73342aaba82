#include "cli/view/table.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

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

void trim_end(std::string& line) { line.erase(line.find_last_not_of(' ') + 1); }

}  // namespace

bool colours_on(int fd) {
  const char* forbidden = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return ::isatty(fd) && !(forbidden && *forbidden) && terminal &&
         std::string_view(terminal) != "dumb";
}

std::string painted(std::string_view text, Tone tone, bool colour) {
  if (!colour || tone == Tone::plain) return escaped(text);
  return std::string(sequence(tone)) + escaped(text) + "\033[0m";
}

void Table::row(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }

void Table::note(Cell text) { rows_.push_back({std::move(text)}); }

std::string Table::text(bool colour) const {
  std::vector<std::vector<Cell>> lines;
  auto& heading = lines.emplace_back();
  for (const auto& column : columns_) heading.emplace_back(column.heading, Tone::faint);
  lines.insert(lines.end(), rows_.begin(), rows_.end());

  std::vector<std::size_t> widths(columns_.size());
  for (const auto& cells : lines) {
    if (cells.size() != columns_.size()) continue;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      widths[i] = std::max(widths[i], width(escaped(cells[i].text)));
    }
  }

  std::string whole;
  for (const auto& cells : lines) {
    std::string line;
    if (cells.size() != columns_.size()) {
      line = std::string(gap) + painted(cells[0].text, cells[0].tone, colour);
    } else {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string space(widths[i] - width(escaped(cells[i].text)), ' ');
        const std::string word = painted(cells[i].text, cells[i].tone, colour);
        if (i > 0) line += gap;
        line += columns_[i].align == Align::right ? space + word : word + space;
      }
    }
    trim_end(line);
    whole += line + '\n';
  }
  return whole;
}

}  // namespace bascule
