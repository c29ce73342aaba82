// What lies in a page of a database: the nodes of its trees and their rows, read without SQLite,
// and nothing of it believed. Pure but for the pages that a long row goes on in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "journal/salvage/pages.hpp"

namespace bascule {

struct Node {
  // Rows of a table with row numbers are in its leaves alone; those of an index, or of a table that
  // is one, in all its nodes.
  enum class Kind : std::uint8_t { index = 2, table = 5, index_leaf = 10, table_leaf = 13 };
  struct Child {
    std::uint32_t page = 0;
    std::int64_t key = 0;  // of a table: no row in it has a higher one; the last child has no key
  };
  Kind kind = Kind::table_leaf;
  std::string page;
  std::vector<std::size_t> cells;  // where they begin
  std::vector<Child> children;

  bool has_rows() const { return kind != Kind::table; }
};

// Nothing: it is no node, or damage shows.
std::optional<Node> read_node(const Pages& pages, std::uint32_t number);

struct Value {
  enum class Kind : std::uint8_t { null, integer, real, text, blob } kind = Kind::null;
  std::int64_t integer = 0;
  std::string bytes;
};

struct Row {
  std::int64_t key = 0;  // of a table with row numbers
  std::vector<Value> values;
  // The pages that it goes on in are damaged: the values that are whole are there.
  bool cut = false;
};

// Nothing: it is no row.
std::optional<Row> read_row(const Pages& pages, const Node& node, std::size_t cell);

}  // namespace bascule
