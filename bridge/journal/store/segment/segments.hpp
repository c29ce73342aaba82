// Where large rows of `batch` have their data: in files beside the database, to which it is written
// once, and not twice as what goes through SQLite's log. FORMAT.md, "Segments", has the rules. The
// records' own checksums tell damage; nothing here does. Journal's thread. Errors are
// DatabaseError: the store is to be closed then.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "journal/lane/lane_sequence.hpp"
#include "journal/store/sqlite/database.hpp"
#include "journal/store/sqlite/segment_file.hpp"

namespace bascule {

class Segments {
 public:
  // `path` is that of the database. A file that has `file_bytes` is not continued.
  Segments(Database& database, std::string path, std::uint64_t file_bytes)
      : database_(database), path_(std::move(path)), file_bytes_(file_bytes) {}

  // Once the schema is there. Files that nothing refers to any more go with the next give_back().
  // `keep_all`: what may have referred to them is gone, so they are set aside instead.
  void load(bool keep_all);

  // Where the data of a row is: the file, by the key of the first row in it, and the offset there.
  struct Place {
    std::uint64_t segment = 0;
    std::uint64_t at = 0;
  };
  // Writes the data of a row that is about to be inserted, behind all others of its lane. Within a
  // transaction.
  Place append(std::uint64_t row, std::string_view data);
  // Of `bytes` at the place, as many as the file has.
  std::uint64_t there(Place place, std::uint64_t bytes) const;
  // Bytes that are there.
  void read(Place place, char* out, std::size_t count) const;
  // Rows whose keys are in the range, of one lane, were erased in this transaction.
  void erased(std::uint64_t first, std::uint64_t last);

  // What was appended is on the disk when it returns.
  void sync();
  // What was erased stays so in a power cut: removes the files that nothing needs, and gives the
  // file system the beginnings of others, where it takes parts of files.
  void give_back();
  // Whether the files that are written to are at their paths. One that cannot be looked for is not.
  bool in_place() const;
  // Writes those anew that are not there any more and are still open.
  void put_back();

  // Of the files that are needed, less what is erased at their beginnings.
  std::uint64_t bytes() const { return bytes_; }
  // What the next give_back() gives the file system.
  std::uint64_t spare_bytes() const { return spare_bytes_; }

 private:
  struct Segment {
    std::uint64_t bytes = 0;
    std::uint64_t erased = 0;           // at its beginning
    std::uint64_t given_back = 0;       // likewise
    std::uint64_t last = 0;             // no row beyond this key refers to it
    bool dirty = false;                 // to be synced
    std::unique_ptr<SegmentFile> file;  // null: not open, or gone
  };
  using Found = std::map<std::uint64_t, Segment>::iterator;

  std::string path_of(std::uint64_t segment) const;
  Found writable(std::uint64_t row);
  std::uint64_t newest_row(LaneId lane);
  bool find_first(std::uint64_t id, Segment& segment);
  void give_up(Found segment);
  std::set<std::uint64_t> files() const;
  bool has_row(std::uint64_t id);
  void leave(std::uint64_t id, bool keep);
  std::uint64_t to_give_back(const Segment& segment) const;

  Database& database_;
  std::string path_;
  std::uint64_t file_bytes_;
  std::map<std::uint64_t, Segment> segments_;
  std::map<LaneId, std::uint64_t> writing_;  // since the opening, by the lane as a row's key has it
  std::uint64_t bytes_ = 0;
  std::map<std::uint64_t, Segment> unneeded_;
  std::set<std::uint64_t> shortened_;  // since the last give_back()
  std::uint64_t spare_bytes_ = 0;      // of both
  bool takes_parts_ = true;            // the file system, of files
};

}  // namespace bascule
