// The keys. A record's key holds no NUL; numbers are 8 bytes, big-endian.
//
//   r KEY                    the record (record.cpp)
//   h NUMBER                 an entry of the history (history.cpp)
//   z NUMBER                 what lost of an entry (losses.hpp)
//   o OP                     where an op is (Place)
//   t LANE                   the greatest sequence of a lane's ops that were forgotten
//   p OP                     a parked op
//   x KEY NUL OP             likewise, by the record
//   w PREV NUL OP            OP waits for PREV
//   c MS OP                  OP waits for the time
//   q NUMBER                 an op that waits for the batch
//   G KEY                    what is known of a record whose ops wait for reports (gathered.hpp)
//   g KEY NUL NUMBER         such an op
//   y MS KEY, d MS KEY       such a record, by the stamp that is needed and by when it is due
//   l KEY                    the last of these that was made at the centre, of the record
//   k NUMBER                 a case
//   a KEY                    the record that the insert KEY is now part of
//   s KEY                    the state of a key that has no record (Other)
//   i FIELD NUL HASH KEY     the key parts of a record but FIELD, made comparable; "*": all
//   m SITE                   what a site has acknowledged (sites.cpp)
//   n NAME                   the clock and what is counted, the last run
//
// History is in the order of its numbers and not of the records, so that what is written lies
// together: of a decision only the record itself is anywhere else.
#include "conflict/state/state.hpp"

#include <algorithm>

#include "conflict/state/state_keys.hpp"

namespace bascule::conflict {

std::optional<Record> State::record(std::string_view key) const {
  auto bytes = step_.get(key_of('r', key));
  if (!bytes) return std::nullopt;
  return Record::decode(std::move(*bytes));
}

void State::put(std::string_view key, const Record& record) {
  step_.put(key_of('r', key), record.encode());
}

void State::erase_record(std::string_view key) { step_.erase(key_of('r', key)); }

std::optional<Place> State::place(std::string_view op) const {
  const auto bytes = step_.get(key_of('o', op));
  if (!bytes) return std::nullopt;
  Reader in(*bytes);
  Place place;
  place.at = static_cast<Place::At>(in.number());
  place.key = in.text();
  place.from = in.integer();
  place.number = in.number();
  place.digest = in.number();
  if (!in.done()) place.prev = in.text();
  return place;
}

void State::put(std::string_view op, const Place& place) {
  Writer out;
  out.number(static_cast<std::uint64_t>(place.at)).text(place.key).integer(place.from);
  out.number(place.number).number(place.digest);
  if (!place.prev.empty()) out.text(place.prev);
  step_.put(key_of('o', op), out.take());
}

std::uint64_t State::next_number() { return ++counters_.change().history; }

std::optional<Entry> State::entry(std::uint64_t number) const {
  const auto bytes = step_.get(numbered('h', number));
  if (!bytes) return std::nullopt;
  return decode_entry(*bytes);
}

void State::put(const Entry& entry) { step_.put(numbered('h', entry.number), encode(entry)); }

void State::erase_entry(std::uint64_t number) { step_.erase(numbered('h', number)); }

State::Later State::entries_after(const Record& record, std::int64_t base) const {
  Later later;
  auto& entries = later.entries;
  for (auto number = record.last; number != 0; number = entries.back().before) {
    auto found = entry(number);
    if (!found && number > visited()) {
      throw std::runtime_error("the state has lost an entry of the history");
    }
    later.whole = found.has_value();
    if (!found || found->from <= base) break;
    entries.push_back(std::move(*found));
  }
  std::reverse(entries.begin(), entries.end());
  return later;
}

std::optional<Version> State::version_by(const Options& options, const Record& record,
                                         std::uint64_t number) const {
  auto version = stored_version(options, record);
  while (version.made_by != number) {
    const auto maker = version.made_by > number ? entry(version.made_by) : std::nullopt;
    if (!maker || !maker->undo) return std::nullopt;
    put_back(*maker->undo, version);
  }
  return version;
}

void State::forget(const Entry& entry) {
  step_.erase(numbered('h', entry.number));
  const auto lost = numbered('z', entry.number);
  if (step_.get(lost)) {
    step_.erase(lost);
    ++counters_.change().losers_forgotten;
  }
  step_.erase(key_of('o', entry.op.id));
  const auto numbered_op = split_id(entry.op.id);
  if (!numbered_op) return;
  const auto key = key_of('t', numbered_op->lane);
  const auto bytes = step_.get(key);
  if (bytes && Reader(*bytes).number() >= numbered_op->sequence) return;
  step_.put(key, Writer().number(numbered_op->sequence).take());
}

bool State::is_forgotten(std::string_view op) const {
  const auto numbered_op = visited() > 0 ? split_id(op) : std::nullopt;
  const auto bytes = numbered_op ? step_.get(key_of('t', numbered_op->lane)) : std::nullopt;
  return bytes && Reader(*bytes).number() >= numbered_op->sequence;
}

std::string State::resolve_alias(std::string_view key) const {
  std::string at(key);
  // An alias never names one that is itself an alias when it is made; later ones make chains.
  for (int hops = 0; hops < 100; ++hops) {
    const auto next = step_.get(key_of('a', at));
    if (!next) return at;
    at = *next;
  }
  throw std::runtime_error("the aliases of " + std::string(key) + " have no end");
}

void State::put_alias(std::string_view key, std::string_view record, Standing standing) {
  step_.put(key_of('a', key), record);
  put(key, Other{standing, std::string(record)});
}

std::optional<State::Other> State::other(std::string_view key) const {
  const auto bytes = step_.get(key_of('s', key));
  if (!bytes) return std::nullopt;
  return decode_other(*bytes);
}

void State::put(std::string_view key, const Other& other) {
  Writer out;
  out.number(static_cast<std::uint64_t>(other.standing)).text(other.record);
  step_.put(key_of('s', key), out.take());
}

void State::erase_other(std::string_view key) { step_.erase(key_of('s', key)); }

State::Other State::decode_other(std::string_view bytes) {
  Reader in(bytes);
  Other other;
  other.standing = static_cast<Standing>(in.number());
  other.record = in.text();
  return other;
}

void State::index(std::string_view bucket, std::string_view key) {
  step_.put(key_of('i', bucket) + std::string(key), "");
}

void State::unindex(std::string_view bucket, std::string_view key) {
  step_.erase(key_of('i', bucket) + std::string(key));
}

void State::indexed(std::string_view bucket,
                    const std::function<bool(std::string_view)>& each) const {
  const auto prefix = key_of('i', bucket);
  step_.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    return each(key.substr(prefix.size()));
  });
}

void State::put_clock(const Hlc& clock) { counters_.change().clock = clock; }

std::optional<std::string> State::note(std::string_view name) const {
  return step_.get(key_of('n', name));
}

void State::put_note(std::string_view name, std::string_view value) {
  step_.put(key_of('n', name), value);
}

}  // namespace bascule::conflict
