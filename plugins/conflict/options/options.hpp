// What an instance is told in bascule.yaml (README.md says what each option means). Immutable.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/policy.hpp"
#include "conflict/options/field_rules.hpp"
#include "sdk/pattern.hpp"
#include "sdk/time_zone.hpp"

namespace bascule::conflict {

using namespace sdk;

enum class Role { authority, site };
enum class Strategy { last_writer_wins, field_merge, expected_version };
enum class Detect { record, field, none };
enum class Order { author, arrival };
enum class Deletes { delete_wins, author_time, update_wins };
enum class OnAmbiguous { accept, hold, ask };
enum class OnStale { reject, merge, hold };
enum class View { optimistic, confirmed };
// When not all sites have reported in time: decide without them, or ask a person.
enum class Late { decide, ask };
inline constexpr std::uint64_t no_limit = ~std::uint64_t{0};
// Who wins on a field when neither author had seen the other's value; ask: a person.
enum class Rule { newest, first, max, min, sum, unite, central, site, ask };
std::string_view word(Rule rule);  // as the option has it

// How a key part is made comparable before inserts are matched.
enum class Normaliser { exact, folded, digits };

struct MatchPart {
  std::string field;
  Normaliser as = Normaliser::folded;
};

// Where in a payload something stands, as JSON pointers; empty: nowhere.
struct PayloadPointers {
  std::string fields, base, prev, kind;
};

struct Topics {
  Pattern canonical, verdict, conflict, pending, history, transaction, envelope, view, clock, mark;
};

struct Options {
  std::string bridge_id;
  Role role = Role::authority;
  Pattern record;                // of an edit's topic
  std::vector<std::string> key;  // names of captures, or JSON pointers
  PayloadPointers payload;
  Strategy strategy = Strategy::last_writer_wins;
  Detect detect = Detect::field;
  Order order = Order::author;
  Deletes deletes = Deletes::delete_wins;
  OnAmbiguous on_ambiguous = OnAmbiguous::accept;
  OnStale on_stale = OnStale::reject;
  View view = View::optimistic;
  std::optional<int> batch_minute;  // of the zone's day; none: at once
  TimeZone zone;
  // An op waits until all sites have reported (reports.hpp), for so long at the most.
  bool waits = false;
  std::int64_t wait_ms_max = 0;
  Late late = Late::decide;
  std::vector<std::string> wait_for;  // empty: all that are known
  std::int64_t clock_guard_ms = 60'000;
  std::vector<MatchPart> insert_match;
  std::optional<std::int64_t> history_keep_ms;  // none: however old
  std::uint64_t history_entries_max = no_limit;
  std::vector<std::string> sites;  // that must acknowledge; also those that are heard of
  std::int64_t silent_ms = 0;
  Topics topics;
  std::string lane;

  std::map<std::string, Rule, std::less<>> rules;                       // of units
  std::map<std::string, std::vector<std::string>, std::less<>> groups;  // name to members
  std::map<std::string, std::string, std::less<>> group_of;             // member to name

  std::map<std::string, FieldRules, std::less<>> validate;  // of fields

  bool parts() const { return record.names("part"); }
  // What changes together: the group of a field, or the field alone.
  std::string_view unit_of(std::string_view field) const {
    const auto found = group_of.find(field);
    return found == group_of.end() ? field : std::string_view(found->second);
  }
  // By the unit's name, else by what follows its part, else that of its part ("person/*"), else
  // that of all ("*").
  Rule rule_of(std::string_view unit) const;
};

// Reads `options:`; reports what is wrong there. What it gives is of use only if nothing was.
Options read_options(const plugin::Options& raw);

}  // namespace bascule::conflict
