// A record as the authority keeps it: for each unit (a field, or a group of them) the values that
// nobody who has seen them has replaced yet, and which of these stands.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conflict/encoding.hpp"
#include "conflict/hlc.hpp"
#include "conflict/op.hpp"
#include "conflict/options.hpp"
#include "conflict/shared_text.hpp"

namespace bascule::conflict {

// R36. unreconciled is what an insert is before it is matched; nothing stays so.
enum class Standing : std::uint8_t { created, unreconciled, merged, retired, reconciled, unknown };
std::string_view word(Standing standing);

// Who wrote a value.
struct Author {
  SharedText op;
  Hlc stamp;              // the op's, lifted over what its author had seen
  std::int64_t from = 0;  // the first version whose readers have seen it
  std::int64_t u_ms = 0;
  bool blind = false;
  bool central = false;

  std::string_view origin() const {
    const std::string_view id = op;
    return id.substr(0, id.find('/'));
  }
};

struct Head {
  std::shared_ptr<const Author> author;  // of all that it wrote; never null
  SharedText value;                      // JSON text; of a group: an object
};

struct Unit {
  std::string name;
  std::vector<Head> heads;        // in order of their stamps
  SharedText value;               // what stands
  std::int64_t case_number = -1;  // a person is asked which
};

// What a version of a record was: what an author who names it as base had seen.
struct Version {
  std::uint64_t made_by = 0;  // the entry of the history that made it; 0: there was none
  std::uint64_t life = 0;
  bool deleted = false;
  Hlc newest;
  Fields fields;  // also those of a deleted one

  std::string json() const;
};

// What has to be put back to get from a version to the one before it: that version, of the fields
// only those that have changed ("null": there was none), unless it is `whole`.
struct Undo {
  Version before;
  bool whole = false;
};

struct Record {
  std::int64_t version = -1;    // -1: never written
  std::int64_t last_from = -1;  // the greatest `from` in its history
  std::uint64_t last = 0;       // the number of its newest history entry; 0: none
  std::uint64_t made_by = 0;    // of the one that made this version
  // Deleting and creating anew begins another life; what belongs to an earlier one has no effect.
  std::uint64_t life = 0;
  bool deleted = false;
  Hlc newest;         // the greatest stamp that readers of this version have seen
  Hlc newest_lost;    // the greatest of what lost since
  Hlc newest_update;  // in this life, of what is not a delete
  Hlc newest_delete;  // likewise
  // A deleted record that the sites were told to forget, and by which entry of the history; who
  // names no version is taken to have seen this one since.
  std::int64_t forgotten = -1;
  std::uint64_t forgotten_by = 0;
  Standing standing = Standing::created;
  std::int64_t case_number = -1;                                   // of an unknown insert
  std::vector<Unit> units;                                         // sorted by name
  std::map<std::string, std::int64_t, std::less<>> part_versions;  // when each part last changed
  // The version that is stored, and by unit what has been changed of it since. Not stored itself.
  Version stored;

  bool exists() const { return version >= 0; }
  bool live() const { return exists() && !deleted; }
  Unit* find(std::string_view name);
  const Unit* find(std::string_view name) const { return const_cast<Record*>(this)->find(name); }
  Unit& at(std::string_view name);  // makes it
  // The units' values are changed by these alone.
  void set(Unit& unit, SharedText value);
  void clear();
};

// The record as a JSON object, sorted; only the fields of one part, without its name, unless that
// is empty.
std::string render(const Options& options, const Record& record, std::string_view part = {});
// The parts that have a field.
std::vector<std::string> parts_of(const Options& options, const Record& record);

std::string encode(const Record& record);
Record decode_record(std::string bytes);  // its texts are pieces of these

// How to get back from the record as it is now to its stored version.
Undo undo_of(const Options& options, const Record& record);
// The version that is stored.
Version stored_version(const Options& options, const Record& record);
void put_back(const Undo& undo, Version& version);

}  // namespace bascule::conflict
