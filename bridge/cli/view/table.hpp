// Tables for terminals: aligned columns under headings, in colour if asked for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bascule {

enum class Tone { plain, faint, strong, good, warn, bad };

// Whether to colour what goes to this file descriptor: it is a terminal that can, and NO_COLOR
// does not forbid it.
bool colours_on(int fd);

// `text`, escaped, in this tone; without `colour`, just escaped.
std::string painted(std::string_view text, Tone tone, bool colour);

class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string heading;
    Align align = Align::left;
  };
  struct Cell {
    Cell(std::string text, Tone tone = Tone::plain) : text(std::move(text)), tone(tone) {}
    Cell(const char* text, Tone tone = Tone::plain) : text(text), tone(tone) {}
    std::string text;
    Tone tone;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell per column. What is in it may come from anywhere: it is escaped.
  void row(std::vector<Cell> cells);

  // A line of its own under the last row, indented, across the columns.
  void note(Cell text);

  bool empty() const { return rows_.empty(); }

  // Each line ends with a line end and without spaces.
  std::string text(bool colour) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;  // of one cell: a note
};

}  // namespace bascule
