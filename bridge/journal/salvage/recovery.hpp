// Takes the rows of a damaged journal into a new one, page by page. What does not fit the new
// one's tables is left out; a message is taken if its checksums hold. Whoever owns both has them
// for himself.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/lane/lane_sequence.hpp"
#include "journal/salvage/trees.hpp"
#include "journal/store/sqlite/database.hpp"
#include "message/direction.hpp"

namespace bascule {

// What could not be taken over, as far as the rest tells.
struct Damage {
  std::uint64_t pages = 0, damaged_pages = 0;
  std::map<std::string, std::uint64_t> tables;  // damaged pages by table; empty: nobody knows
  std::vector<Trees::Keys> lost_batches;        // where rows of `batch` may be missing, by `id`
  std::vector<LaneSequence> cut_batches;        // rows of it whose ends are lost
  std::map<LaneId, std::uint64_t> ends;         // numbers below these were given
  // Of lanes, as the index of their names has it.
  std::map<LaneId, std::pair<Direction, std::string>> names;
};

class Recovery {
 public:
  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;  // in pages

  // `into` has the tables of this version, and no rows. `path` is the damaged one's, whose segments
  // are beside it.
  Recovery(const Pages& pages, std::string path, Database& into);
  // Throws DatabaseError, where the new one cannot be written.
  Damage run(const Progress& progress);

 private:
  struct Column {
    std::string name;
    bool integer = false, needed = false;
  };
  struct Table {
    std::string name;
    std::vector<Column> columns;
    int row_number = -1;  // the column that is the row's number
    bool numbered = true;
    std::uint32_t usual_root = 0;
  };

  void learn_tables();
  void read_schema();
  void assign(std::uint32_t root);
  bool fits(const Table& table, const Row& row) const;
  std::optional<std::vector<Row>> rows_of(const Node& node) const;
  void take_page(std::uint32_t page);
  void take_node(std::uint32_t page, const Node& node, const Table& table);
  void take_stray(std::uint32_t page);
  void take_name(const Row& row);
  void take(const Table& table, const Row& row);
  bool take_batch(const Row& row);
  void insert_batch(const Row& row);
  bool take_in(Row& row) const;
  void insert(const Table& table, const Row& row);
  void lose(std::uint32_t page, const std::string& table);
  void written();

  const Pages& pages_;
  const std::string path_;
  Database& into_;
  Trees trees_;
  std::vector<Table> tables_;
  std::map<std::uint32_t, const Table*> roots_;
  std::map<std::uint32_t, std::string> indexes_;        // by root
  std::map<std::uint32_t, std::string> usual_indexes_;  // likewise, of a new journal
  std::vector<Row> strays_;                             // messages of pages that may be free
  std::uint64_t rows_ = 0;                              // since the last commit
  Damage damage_;
};

// The lane and the sequence of a row of `batch`, whichever version wrote it.
LaneSequence place_of_batch(std::int64_t id);
std::int64_t batch_id_of(LaneSequence place);

}  // namespace bascule
