// A record as the authority keeps it: for each unit (a field, or a group of them) the values that
// nobody who has seen them has replaced yet (its heads), and which of these stands. A step changes
// few units of a record: the others' heads are neither read nor written anew.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conflict/options/options.hpp"
#include "conflict/record/authors.hpp"
#include "conflict/record/encoding.hpp"
#include "conflict/record/hlc.hpp"
#include "conflict/record/op.hpp"
#include "conflict/record/shared_text.hpp"

namespace bascule::conflict {

// R36. unreconciled is what an insert is before it is matched; nothing stays so.
enum class Standing : std::uint8_t { created, unreconciled, merged, retired, reconciled, unknown };
std::string_view word(Standing standing);

struct Head {
  std::size_t author = 0;  // its place among the record's
  SharedText value;        // JSON text; of a group: an object
};

struct Unit {
  std::string name;
  SharedText value;               // what stands
  std::int64_t case_number = -1;  // a person is asked which

 private:
  friend struct Record;
  // All of it as it is stored, until it is changed or somebody asks for its heads.
  mutable std::string_view stored_;
  mutable std::vector<Head> heads_;
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
  Authors authors;                                                 // of the units' heads
  std::map<std::string, std::int64_t, std::less<>> part_versions;  // when each part last changed
  // The version that is stored, and by unit what has been changed of it since. Not stored itself.
  Version stored;

  bool exists() const { return version >= 0; }
  bool live() const { return exists() && !deleted; }
  Unit* find(std::string_view name);
  const Unit* find(std::string_view name) const { return const_cast<Record*>(this)->find(name); }
  Unit& at(std::string_view name);  // makes it
  // In the order of their authors' stamps.
  const std::vector<Head>& heads(const Unit& unit) const;
  std::vector<Head>& heads(Unit& unit) {
    heads(std::as_const(unit));
    return unit.heads_;
  }
  // The units' values and cases are changed by these alone.
  void set(Unit& unit, SharedText value);
  void ask(Unit& unit, std::int64_t case_number);
  void clear();  // forgets the authors, too

  std::string encode() const;
  static Record decode(std::string bytes);  // its texts are pieces of these

 private:
  void encode_units(Writer& out) const;
  void decode_unit(Reader& in);

  std::shared_ptr<const std::string> whole_;  // what it was read from
};

// The record as a JSON object, sorted; only the fields of one part, without its name, unless that
// is empty.
std::string render(const Options& options, const Record& record, std::string_view part = {});
// The parts that have a field.
std::vector<std::string> parts_of(const Options& options, const Record& record);

// How to get back from the record as it is now to its stored version.
Undo undo_of(const Options& options, const Record& record);
// The version that is stored.
Version stored_version(const Options& options, const Record& record);
void put_back(const Undo& undo, Version& version);

}  // namespace bascule::conflict
