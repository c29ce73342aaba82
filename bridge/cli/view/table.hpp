// Tables for terminals: aligned columns under headings, in colour if asked for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bascule {

enum class Tone { plain, faint, strong, good, warn, bad };

// Whether to colour what goes to this file descriptor: it is a terminal that can, and NO_COLOR
// does not forbid it.
bool colours_on(int fd);

// How wide a page there is: of a terminal its width; 0: whatever comes.
std::size_t page_columns(int fd);

// `text`, escaped, in this tone; without `colour`, just escaped.
std::string painted(std::string_view text, Tone tone, bool colour);

// Likewise, in lines that are not longer than `page` as far as there are blanks (0: in one), each
// with an indent and a line end.
std::string painted_lines(std::string_view text, Tone tone, bool colour, std::size_t page,
                          std::size_t indent);

// Of a text that may be painted, lines longer than `page` go on in the next, indented, as far as
// there are blanks; 0: they stay.
std::string folded(const std::string& text, std::size_t page);

class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string heading;
    Align align = Align::left;
    bool gives = false;  // is cut where the line would be too long
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

  // Each line ends with a line end and without spaces. Where there are columns that give, and notes
  // that have blanks, no line is longer than `page`; 0: as long as it is.
  std::string text(bool colour, std::size_t page = 0) const;

 private:
  std::vector<std::size_t> widths(std::size_t page) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;  // of one cell: a note
};

}  // namespace bascule
