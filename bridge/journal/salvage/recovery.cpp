#include "journal/salvage/recovery.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "journal/lane/record.hpp"

namespace bascule {
namespace {

using Kind = Value::Kind;

constexpr std::uint64_t rows_per_commit = 2'000;
constexpr LaneId lane_max = 32'767;
constexpr std::size_t batch_data = 6, batch_segment = 7;  // columns
constexpr std::size_t rows_looked_at = 8;

std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string literal(const Value& value) {
  switch (value.kind) {
    case Kind::null:
    case Kind::real:  // no column has such
      return "NULL";
    case Kind::integer:
      return std::to_string(value.integer);
    case Kind::text:
      return "CAST(x'" + hex(value.bytes) + "' AS TEXT)";
    case Kind::blob:
      break;
  }
  return "x'" + hex(value.bytes) + "'";
}

std::string quoted(const std::string& name) { return '"' + name + '"'; }

}  // namespace

// Up to version 5 the lane itself comes first, and since then what is left of 32,767.
LaneSequence place_of_batch(std::int64_t id) {
  const LaneSequence place = LaneSequence::of_key(static_cast<std::uint64_t>(id));
  return place.lane > lane_max / 2
             ? LaneSequence{static_cast<LaneId>(lane_max - place.lane), place.sequence}
             : place;
}
std::int64_t batch_id_of(LaneSequence place) {
  return static_cast<std::int64_t>(
      LaneSequence{static_cast<LaneId>(lane_max - place.lane), place.sequence}.key());
}

Recovery::Recovery(const Pages& pages, std::string path, Database& into)
    : pages_(pages), path_(std::move(path)), into_(into), trees_(pages) {
  learn_tables();
  read_schema();
}

void Recovery::learn_tables() {
  Statement& all = into_.prepared(
      "SELECT type, name, rootpage, sql LIKE '%WITHOUT ROWID%' FROM sqlite_schema"
      " WHERE type IN ('table', 'index')");
  all.bind().each([&](const Statement& row) {
    const auto root = static_cast<std::uint32_t>(row.integer(2));
    if (row.text(0) == "index") {
      usual_indexes_[root] = row.text(1);
    } else if (!row.text(1).starts_with("sqlite_")) {
      tables_.push_back({std::string(row.text(1)), {}, -1, row.integer(3) == 0, root});
    }
  });
  for (Table& table : tables_) {
    int keys = 0;
    into_
        .prepared(
            "SELECT name, type, \"notnull\", dflt_value IS NULL, pk FROM pragma_table_info(?1)")
        .bind(table.name)
        .each([&](const Statement& row) {
          const bool integer = row.text(1) == "INTEGER";
          if (row.integer(4) > 0 && ++keys == 1 && integer && table.numbered) {
            table.row_number = static_cast<int>(table.columns.size());
          }
          const bool needed = row.integer(2) != 0 && row.integer(3) != 0;
          table.columns.push_back({std::string(row.text(0)), integer, needed});
        });
  }
}

// As far as it is there. A journal that was made by this version has the same tables at the same
// roots as a new one.
void Recovery::read_schema() {
  if (!trees_.mapped()) trees_.follow(1);
  for (std::uint32_t page = 1; page <= pages_.count(); ++page) {
    if (trees_.root_of(page) != 1) continue;
    const auto node = read_node(pages_, page);
    if (!node || node->kind != Node::Kind::table_leaf) continue;
    for (const std::size_t cell : node->cells) {
      const auto row = read_row(pages_, *node, cell);
      if (!row || row->values.size() < 4 || row->values[3].kind != Kind::integer) continue;
      const auto root = static_cast<std::uint32_t>(row->values[3].integer);
      const std::string& name = row->values[1].bytes;
      if (row->values[0].bytes == "index") indexes_[root] = name;
      const auto table = std::ranges::find(tables_, name, &Table::name);
      if (row->values[0].bytes == "table" && table != tables_.end()) roots_[root] = &*table;
    }
  }
  if (trees_.mapped()) return;
  for (const auto& [root, table] : roots_) trees_.follow(root);
  for (const auto& [root, name] : indexes_) trees_.follow(root);
}

// A root that the schema does not tell of: what is in it tells.
void Recovery::assign(std::uint32_t root) {
  roots_[root] = nullptr;
  const auto usual_index = usual_indexes_.find(root);
  std::vector<Row> rows;
  bool numbered = true;
  for (std::uint32_t page = 1; page <= pages_.count() && rows.size() < rows_looked_at; ++page) {
    if (trees_.root_of(page) != root) continue;
    const auto node = read_node(pages_, page);
    if (!node || !node->has_rows()) continue;
    numbered = node->kind == Node::Kind::table_leaf;
    if (auto found = rows_of(*node)) std::ranges::move(*found, std::back_inserter(rows));
  }
  std::vector<const Table*> candidates;
  for (const Table& table : tables_) {
    const bool taken =
        std::ranges::any_of(roots_, [&](const auto& entry) { return entry.second == &table; });
    if (taken || table.numbered != numbered) continue;
    if (std::ranges::all_of(rows, [&](const Row& row) { return fits(table, row); })) {
      candidates.push_back(&table);
    }
  }
  if (usual_index != usual_indexes_.end() && !numbered) {
    indexes_[root] = usual_index->second;
    return;
  }
  for (const Table* table : candidates) {
    if (table->usual_root == root) roots_[root] = table;
  }
  if (roots_[root] == nullptr && candidates.size() == 1 && numbered && !rows.empty()) {
    roots_[root] = candidates.front();
  }
}

bool Recovery::fits(const Table& table, const Row& row) const {
  if (row.values.size() > table.columns.size()) return false;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    if (i >= row.values.size()) {
      if (column.needed) return false;
      continue;
    }
    const Kind kind = row.values[i].kind;
    if (kind == Kind::real) return false;
    if (kind == Kind::null) {
      if (column.needed && static_cast<int>(i) != table.row_number) return false;
    } else if (column.integer != (kind == Kind::integer)) {
      return false;
    }
  }
  return true;
}

// Nothing: one of them is damaged.
std::optional<std::vector<Row>> Recovery::rows_of(const Node& node) const {
  std::vector<Row> rows;
  for (const std::size_t cell : node.cells) {
    auto row = read_row(pages_, node, cell);
    if (!row || row->cut) return std::nullopt;
    rows.push_back(std::move(*row));
  }
  return rows;
}

Damage Recovery::run(const Progress& progress) {
  damage_.pages = pages_.count();
  if (!trees_.mapped()) {
    ++damage_.damaged_pages;
    ++damage_.tables["the map of pages"];
    damage_.lost_batches.push_back({});
  }
  into_.execute("DELETE FROM quarantine_size");
  into_.execute("BEGIN IMMEDIATE");
  for (std::uint32_t page = 1; page <= pages_.count(); ++page) {
    take_page(page);
    if (page % 256 == 0 || page == pages_.count()) progress(page, pages_.count());
  }
  // Of what may have been given up long ago only what waits.
  for (const Row& row : strays_) {
    const LaneSequence place = place_of_batch(row.key);
    const auto cursor = into_.prepared("SELECT cursor FROM lane WHERE id=?1")
                            .bind(place.lane)
                            .first([](const Statement& found) { return found.number(0); });
    const std::uint64_t last = place.sequence + static_cast<std::uint64_t>(row.values[1].integer);
    if (!cursor || last > *cursor + 1) insert_batch(row);
  }
  into_.execute("COMMIT");
  into_.checkpoint(Database::Sync::now);
  return std::move(damage_);
}

void Recovery::take_page(std::uint32_t page) {
  if (trees_.is_other(page)) return;
  const std::uint32_t root = trees_.root_of(page);
  if (root == 0) return take_stray(page);
  const bool known = root == 1 || roots_.contains(root) || indexes_.contains(root);
  if (!known) assign(root);
  const auto node = read_node(pages_, page);
  if (const auto index = indexes_.find(root); index != indexes_.end()) {
    if (index->second != "sqlite_autoindex_lane_1" || !node) return;
    for (const std::size_t cell : node->cells) {
      if (const auto row = read_row(pages_, *node, cell)) take_name(*row);
    }
    return;
  }
  if (root == 1) {
    if (!node) lose(page, "the schema");
    return;
  }
  const Table* table = roots_.at(root);
  if (table == nullptr) {
    if (!node || node->has_rows()) lose(page, "");
  } else if (!node) {
    lose(page, table->name);
  } else {
    take_node(page, *node, *table);
  }
}

void Recovery::take_node(std::uint32_t page, const Node& node, const Table& table) {
  const bool numbered = node.kind == Node::Kind::table || node.kind == Node::Kind::table_leaf;
  if (numbered != table.numbered) return lose(page, table.name);
  if (!node.has_rows()) return;
  if (table.name == "batch") {
    bool all = true;
    for (const std::size_t cell : node.cells) {
      const auto row = read_row(pages_, node, cell);
      if (!row || !take_batch(*row)) all = false;
    }
    if (!all) lose(page, table.name);
    return;
  }
  const auto rows = rows_of(node);
  const bool whole =
      rows && std::ranges::all_of(*rows, [&](const Row& row) { return fits(table, row); });
  if (!whole) return lose(page, table.name);
  for (const Row& row : *rows) take(table, row);
}

// Of no known tree, since the map is damaged: a free page, a piece of a long row, a node below a
// damaged one, or damage itself. Only a message proves what it is.
void Recovery::take_stray(std::uint32_t page) {
  const auto node = read_node(pages_, page);
  if (!node || node->kind != Node::Kind::table_leaf) return;
  const auto batch = std::ranges::find(tables_, "batch", &Table::name);
  for (const std::size_t cell : node->cells) {
    const auto row = read_row(pages_, *node, cell);
    if (row && !row->cut && fits(*batch, *row) && !row->values[batch_data].bytes.empty()) {
      strays_.push_back(*row);
    }
  }
}

void Recovery::take_name(const Row& row) {
  if (row.cut || row.values.size() != 3 || row.values[0].kind != Kind::integer ||
      row.values[1].kind != Kind::text || row.values[2].kind != Kind::integer) {
    return;
  }
  damage_.names[static_cast<LaneId>(row.values[2].integer)] = {
      row.values[0].integer == 0 ? Direction::up : Direction::down, row.values[1].bytes};
}

void Recovery::take(const Table& table, const Row& row) {
  insert(table, row);
  written();
}

// A row whose end is lost tells at least which numbers it had.
bool Recovery::take_batch(const Row& row) {
  if (row.values.size() < 2 || row.values[1].kind != Kind::integer || row.values[1].integer < 1) {
    return false;
  }
  const LaneSequence place = place_of_batch(row.key);
  const auto count = static_cast<std::uint64_t>(row.values[1].integer);
  if (place.lane == 0 || place.sequence == 0 || count > (1 << 20)) return false;
  const auto batch = std::ranges::find(tables_, "batch", &Table::name);
  if (row.cut || !fits(*batch, row) || row.values.size() <= batch_data) {
    if (!row.cut || row.values.size() < batch_data) return false;
    std::uint64_t& end = damage_.ends[place.lane];
    end = std::max(end, place.sequence + count);
    damage_.cut_batches.push_back(place);
    ++damage_.damaged_pages;
    ++damage_.tables["batch"];
    return true;
  }
  const bool apart =
      row.values.size() > batch_segment && row.values[batch_segment].kind == Kind::integer;
  RecordReader reader(place.lane, place.sequence, static_cast<std::uint32_t>(row.values[4].integer),
                      row.values[batch_data].bytes, RecordReader::Check::checksums);
  std::uint64_t records = 0;
  while (!apart && reader.next()) ++records;
  if (!apart && (!reader.ok() || records != count)) return false;
  insert_batch(row);
  return true;
}

// A segment has the number of its first row. Where that changes, its data goes into the row.
bool Recovery::take_in(Row& row) const {
  auto& values = row.values;
  char name[18];
  std::snprintf(name, sizeof name, "-%016llx",
                static_cast<unsigned long long>(values[batch_segment].integer));
  std::ifstream file(path_ + name, std::ios::binary);
  const std::int64_t bytes = values[batch_segment + 2].integer;
  if (bytes < 0 || bytes > std::int64_t{1} << 30) return false;
  values[batch_data].bytes.resize(static_cast<std::size_t>(bytes));
  file.seekg(values[batch_segment + 1].integer);
  file.read(values[batch_data].bytes.data(), bytes);
  return file.gcount() == bytes;
}

void Recovery::insert_batch(const Row& row) {
  Row turned = row;
  turned.key = batch_id_of(place_of_batch(row.key));
  const bool apart =
      row.values.size() > batch_segment + 2 && row.values[batch_segment].kind == Kind::integer;
  if (apart && (turned.key == row.key || !take_in(turned))) {
    insert(*std::ranges::find(tables_, "batch", &Table::name), turned);
  } else {
    const auto& values = turned.values;
    into_
        .prepared(
            "INSERT OR IGNORE INTO batch(id, count, boot, captured_ms, chain, before_bytes, data)"
            " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
        .run(turned.key, values[1].integer, values[2].integer, values[3].integer, values[4].integer,
             values[5].integer, Blob{values[batch_data].bytes});
  }
  written();
}

// Older versions have fewer columns.
void Recovery::insert(const Table& table, const Row& row) {
  std::string columns, values;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    const bool number = static_cast<int>(i) == table.row_number;
    columns += (i == 0 ? "" : ", ") + quoted(table.columns[i].name);
    values += (i == 0 ? "" : ", ") + (number ? std::to_string(row.key) : literal(row.values[i]));
  }
  into_.execute("INSERT OR IGNORE INTO " + quoted(table.name) + "(" + columns + ") VALUES(" +
                values + ")");
}

void Recovery::lose(std::uint32_t page, const std::string& table) {
  ++damage_.damaged_pages;
  ++damage_.tables[table];
  // A node that has others below it has no rows of its own; they say themselves whose they are.
  if ((table == "batch" || table.empty()) && !trees_.has_children(page)) {
    damage_.lost_batches.push_back(trees_.keys_in(page));
  }
}

void Recovery::written() {
  if (++rows_ < rows_per_commit) return;
  rows_ = 0;
  into_.execute("COMMIT");
  into_.checkpoint(Database::Sync::now);
  into_.execute("BEGIN IMMEDIATE");
}

}  // namespace bascule
