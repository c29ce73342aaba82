// What the authority keeps in the host's map during one step; state.cpp says under which keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/policy.hpp"
#include "conflict/record/history.hpp"
#include "conflict/record/record.hpp"

namespace bascule::conflict {

// Where an op is.
struct Place {
  enum class At : std::uint8_t { queued, parked, decided } at = At::queued;
  std::string key;  // the rest: of its entry, once decided
  std::int64_t from = 0;
  std::uint64_t number = 0;
  std::uint64_t digest = 0;
};

// An op that waits: for its `prev`, for the time, or for a person.
struct Parked {
  Op op;
  Verdict verdict = Verdict::hold;
  std::string reason;
  std::int64_t case_number = -1;
  Violation violation;
};

struct Case {
  std::string kind;
  std::string key;
  std::string op;    // the parked one, or the last that led to it
  std::string unit;  // of a field's case
};

// What every decision needs is one value.
struct Counts {
  Hlc clock;
  std::uint64_t history = 0;  // entries, ever
  std::uint64_t before = 0;   // likewise, when the step began
  std::uint64_t queued = 0;   // ops that waited for a batch, ever
  std::uint64_t waiting = 0;  // ops that wait for another one, now
  std::uint64_t visited = 0;
  std::uint64_t told = 0;
  bool will_trim = false;
};

class State {
 public:
  explicit State(plugin::Step& step) : step_(step) {}

  std::optional<Record> record(std::string_view key) const;
  void put(std::string_view key, const Record& record);
  void erase_record(std::string_view key);
  std::optional<Place> place(std::string_view op) const;
  void put(std::string_view op, const Place& place);

  // History: one log of all records, each entry with the number of the one before it of its record.
  std::uint64_t next_number();
  std::optional<Entry> entry(std::uint64_t number) const;
  void put(const Entry& entry);
  std::uint64_t last_number() const { return counts().history; }
  std::uint64_t number_before() const { return counts().before; }  // the last before this step
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
  std::uint64_t visited() const { return counts().visited; }
  void put_visited(std::uint64_t number) { change_counts().visited = number; }
  // Forgets an entry, what it made, and that its op was here; only that there were ops of its lane
  // up to its number is kept.
  void forget(const Entry& entry);
  // The op was decided so long ago that nothing else is known of it.
  bool is_forgotten(std::string_view op) const;
  // Whether a wake has been asked for that will trim.
  bool will_trim() const { return counts().will_trim; }
  void put_will_trim(bool will) { change_counts().will_trim = will; }
  // The greatest mark that has been sent to the sites: all up to that entry has been.
  std::uint64_t told() const { return counts().told; }
  void put_told(std::uint64_t mark) { change_counts().told = mark; }

  std::optional<Parked> parked(std::string_view op) const;
  void put(const Parked& parked);
  void erase(const Parked& parked);
  bool has_parked(std::string_view key) const;  // an op of this record
  // Ops that wait for another one.
  void wait(std::string_view prev, std::string_view op);
  std::vector<std::string> take_waiting(std::string_view prev);
  // Ops that wait for the time; `take` gives those up to then, and `next` the earliest other.
  void wait_until(std::int64_t ms, std::string_view op);
  std::vector<std::string> take_due(std::int64_t now_ms);
  std::optional<std::int64_t> next_due() const;

  // The batch that gathers, by arrival.
  void queue(const Op& op);
  std::vector<Op> take_queued(std::size_t count_max);
  bool has_queued() const;

  std::optional<Case> find_case(std::int64_t number) const;
  void put(std::int64_t number, const Case& it);
  void erase_case(std::int64_t number);

  // The record that an insert turned out to be; `key` itself if there is none.
  std::string resolve_alias(std::string_view key) const;
  void put_alias(std::string_view key, std::string_view record);
  // The records with this value of a key part.
  void index(std::string_view field, std::string_view value, std::string_view key);
  void unindex(std::string_view field, std::string_view value, std::string_view key);
  std::vector<std::string> indexed(std::string_view field, std::string_view value) const;

  // The authority's clock never goes back.
  const Hlc& clock() const { return counts().clock; }
  void put_clock(const Hlc& clock);
  std::optional<std::string> note(std::string_view name) const;
  void put_note(std::string_view name, std::string_view value);

  // Puts what is counted; at the end of the step.
  void flush();

 private:
  const Counts& counts() const;
  Counts& change_counts();

  plugin::Step& step_;
  mutable std::optional<Counts> counts_;  // once read
  bool changed_ = false;
};

}  // namespace bascule::conflict
