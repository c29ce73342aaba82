// Records, their history and what is known of ops, as the authority keeps them in the host's map
// during one step; state.cpp says under which keys all of its state is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/policy.hpp"
#include "conflict/record/history.hpp"
#include "conflict/record/record.hpp"
#include "conflict/state/counters.hpp"

namespace bascule::conflict {

// Where an op is.
struct Place {
  enum class At : std::uint8_t { queued, parked, decided } at = At::queued;
  std::string key;  // the rest: of its entry, once decided
  std::int64_t from = 0;
  std::uint64_t number = 0;
  std::uint64_t digest = 0;
  std::string prev{};  // what it builds on, until it is decided
};

class State {
 public:
  State(plugin::Step& step, Counters& counters) : step_(step), counters_(counters) {}

  std::optional<Record> record(std::string_view key) const;
  void put(std::string_view key, const Record& record);
  void erase_record(std::string_view key);
  std::optional<Place> place(std::string_view op) const;
  void put(std::string_view op, const Place& place);

  // History: one log of all records, each entry with the number of the one before it of its record.
  std::uint64_t next_number();
  std::optional<Entry> entry(std::uint64_t number) const;
  void put(const Entry& entry);
  void erase_entry(std::uint64_t number);
  std::uint64_t last_number() const { return counters_.get().history; }
  std::uint64_t number_before() const {
    return counters_.get().before;
  }  // the last before this step
  // The record's entries that readers of `base` have not seen, oldest first. `whole`: none of them
  // has been trimmed.
  struct Later {
    std::vector<Entry> entries;
    bool whole = true;
  };
  Later entries_after(const Record& record, std::int64_t base) const;
  // What the record's version was that this entry made; nothing if what came of it since has been
  // trimmed.
  std::optional<Version> version_by(const Options& options, const Record& record,
                                    std::uint64_t number) const;

  // Trimming (trim.hpp): entries up to this number have been looked at.
  std::uint64_t visited() const { return counters_.get().visited; }
  void put_visited(std::uint64_t number) { counters_.change().visited = number; }
  // Forgets an entry, what it made, and that its op was here; only that there were ops of its lane
  // up to its number is kept.
  void forget(const Entry& entry);
  // The op was decided so long ago that nothing else is known of it.
  bool is_forgotten(std::string_view op) const;
  // How many ops that had lost were forgotten (losses.hpp).
  std::uint64_t losers_forgotten() const { return counters_.get().losers_forgotten; }
  // For when the wake that trims has been asked for; 0: it has not.
  std::int64_t trim_at_ms() const { return counters_.get().trim_at_ms; }
  void put_trim_at(std::int64_t ms) { counters_.change().trim_at_ms = ms; }
  // The greatest mark that has been sent to the sites: all up to that entry has been.
  std::uint64_t told() const { return counters_.get().told; }
  void put_told(std::uint64_t mark) { counters_.change().told = mark; }

  // The record that an insert turned out to be; `key` itself if there is none.
  std::string resolve_alias(std::string_view key) const;
  void put_alias(std::string_view key, std::string_view record, Standing standing);
  // What became of a key that has no record of its own: matched, or not looked at yet (R36).
  struct Other {
    Standing standing = Standing::unreconciled;
    std::string record;  // that it is part of
  };
  static Other decode_other(std::string_view bytes);
  std::optional<Other> other(std::string_view key) const;
  void put(std::string_view key, const Other& other);
  void erase_other(std::string_view key);
  // The records in a bucket: those with the same key parts, and others that share its hash
  // (insert.cpp). `each` gives true for more; it may read the state.
  void index(std::string_view bucket, std::string_view key);
  void unindex(std::string_view bucket, std::string_view key);
  void indexed(std::string_view bucket,
               const std::function<bool(std::string_view key)>& each) const;

  // The authority's clock never goes back.
  const Hlc& clock() const { return counters_.get().clock; }
  void put_clock(const Hlc& clock);
  std::optional<std::string> note(std::string_view name) const;
  void put_note(std::string_view name, std::string_view value);

 private:
  plugin::Step& step_;
  Counters& counters_;
};

}  // namespace bascule::conflict
