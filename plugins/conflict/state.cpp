// The keys. A record's key holds no NUL; numbers are 8 bytes, big-endian.
//
//   r KEY                    the record (record.cpp)
//   h NUMBER                 an entry of the history (history.cpp)
//   s NUMBER                 what the version was that this entry made (Snapshot)
//   o OP                     where an op is (Place)
//   p OP                     a parked op
//   w PREV NUL OP            OP waits for PREV
//   c MS OP                  OP waits for the time
//   q NUMBER                 an op that waits for the batch
//   k NUMBER                 a case
//   a KEY                    the record that the insert KEY is now part of
//   i FIELD NUL VALUE NUL KEY  a key part of a record, made comparable
//   n NAME                   the clock and what is counted, the last run
//
// History is in the order of its numbers and not of the records, so that what is written lies
// together: of a decision only the record itself is anywhere else.
#include "conflict/state.hpp"

#include <algorithm>

namespace bascule::conflict {

namespace {

std::string key_of(char kind, std::string_view rest) { return kind + std::string(rest); }
std::string with_nul(char kind, std::string_view text) { return key_of(kind, text) + '\0'; }

std::string numbered(char kind, std::uint64_t number) { return key_of(kind, big_endian(number)); }

}  // namespace

std::optional<Record> State::record(std::string_view key) const {
  const auto bytes = step_.get(key_of('r', key));
  if (!bytes) return std::nullopt;
  return decode_record(*bytes);
}

void State::put(std::string_view key, const Record& record) {
  step_.put(key_of('r', key), encode(record));
}

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
  return place;
}

void State::put(std::string_view op, const Place& place) {
  Writer out;
  out.number(static_cast<std::uint64_t>(place.at)).text(place.key).integer(place.from);
  out.number(place.number).number(place.digest);
  step_.put(key_of('o', op), out.take());
}

std::uint64_t State::next_number() { return ++change_counts().history; }

std::optional<Entry> State::entry(std::uint64_t number) const {
  const auto bytes = step_.get(numbered('h', number));
  if (!bytes) return std::nullopt;
  return decode_entry(*bytes);
}

void State::put(const Entry& entry) { step_.put(numbered('h', entry.number), encode(entry)); }

std::vector<Entry> State::entries_after(const Record& record, std::int64_t base) const {
  std::vector<Entry> entries;
  for (auto number = record.last; number != 0; number = entries.back().before) {
    auto found = entry(number);
    if (!found) throw std::runtime_error("the state has lost an entry of the history");
    if (found->from <= base) break;
    entries.push_back(std::move(*found));
  }
  std::reverse(entries.begin(), entries.end());
  return entries;
}

std::optional<Snapshot> State::snapshot(std::uint64_t number) const {
  const auto bytes = step_.get(numbered('s', number));
  if (!bytes) return std::nullopt;
  return decode_snapshot(*bytes);
}

void State::put(std::uint64_t number, const Snapshot& snapshot) {
  step_.put(numbered('s', number), encode(snapshot));
}

std::optional<Snapshot> State::version(const Record& record, std::int64_t version) const {
  if (version == record.version) return snapshot(record.made_by);
  const auto later = entries_after(record, version);
  // What made a version is the last that its readers have seen.
  return later.empty() ? std::nullopt : snapshot(later.front().before);
}

std::optional<Parked> State::parked(std::string_view op) const {
  const auto bytes = step_.get(key_of('p', op));
  if (!bytes) return std::nullopt;
  Reader in(*bytes);
  Parked parked;
  parked.op = read_op(in);
  parked.verdict = static_cast<Verdict>(in.number());
  parked.reason = in.text();
  parked.case_number = in.integer();
  return parked;
}

void State::put(const Parked& parked) {
  Writer out;
  write(out, parked.op);
  out.number(static_cast<std::uint64_t>(parked.verdict)).text(parked.reason);
  out.integer(parked.case_number);
  step_.put(key_of('p', parked.op.id), out.take());
}

void State::erase_parked(std::string_view op) { step_.erase(key_of('p', op)); }

void State::wait(std::string_view prev, std::string_view op) {
  step_.put(with_nul('w', prev) + std::string(op), "");
  ++change_counts().waiting;
}

std::vector<std::string> State::take_waiting(std::string_view prev) {
  std::vector<std::string> ops;
  if (counts().waiting == 0) return ops;
  const auto prefix = with_nul('w', prev);
  step_.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    ops.emplace_back(key.substr(prefix.size()));
    return true;
  });
  for (const auto& op : ops) step_.erase(prefix + op);
  if (!ops.empty()) change_counts().waiting -= ops.size();
  return ops;
}

void State::wait_until(std::int64_t ms, std::string_view op) {
  step_.put(key_of('c', big_endian(static_cast<std::uint64_t>(ms))) + std::string(op), "");
}

std::vector<std::string> State::take_due(std::int64_t now_ms) {
  std::vector<std::string> keys;
  step_.scan("c", "c", [&](std::string_view key, std::string_view) {
    if (key.substr(1, 8) > big_endian(static_cast<std::uint64_t>(now_ms))) return false;
    keys.emplace_back(key);
    return true;
  });
  for (auto& key : keys) {
    step_.erase(key);
    key.erase(0, 9);
  }
  return keys;
}

std::optional<std::int64_t> State::next_due() const {
  std::optional<std::int64_t> due;
  step_.scan("c", "c", [&](std::string_view key, std::string_view) {
    std::uint64_t ms = 0;
    for (const unsigned char byte : key.substr(1, 8)) ms = ms << 8 | byte;
    due = static_cast<std::int64_t>(ms);
    return false;
  });
  return due;
}

const State::Counts& State::counts() const {
  if (counts_) return *counts_;
  counts_.emplace();
  if (const auto bytes = step_.get("ncounts")) {
    Reader in(*bytes);
    counts_->clock = read_hlc(in);
    counts_->history = in.number();
    counts_->queued = in.number();
    counts_->waiting = in.number();
  }
  return *counts_;
}

State::Counts& State::change_counts() {
  counts();
  changed_ = true;
  return *counts_;
}

void State::flush() {
  if (!changed_) return;
  Writer out;
  write(out, counts_->clock);
  out.number(counts_->history).number(counts_->queued).number(counts_->waiting);
  step_.put("ncounts", out.take());
  changed_ = false;
}

void State::queue(const Op& op) {
  Writer out;
  write(out, op);
  step_.put(key_of('q', big_endian(++change_counts().queued)), out.take());
}

std::vector<Op> State::take_queued(std::size_t count_max) {
  std::vector<Op> ops;
  std::vector<std::string> keys;
  step_.scan("q", "q", [&](std::string_view key, std::string_view bytes) {
    Reader in(bytes);
    ops.push_back(read_op(in));
    keys.emplace_back(key);
    return ops.size() < count_max;
  });
  for (const auto& key : keys) step_.erase(key);
  return ops;
}

bool State::has_queued() const {
  bool any = false;
  step_.scan("q", "q", [&](std::string_view, std::string_view) {
    any = true;
    return false;
  });
  return any;
}

std::optional<Case> State::find_case(std::int64_t number) const {
  const auto bytes = step_.get(key_of('k', big_endian(static_cast<std::uint64_t>(number))));
  if (!bytes) return std::nullopt;
  Reader in(*bytes);
  Case it;
  it.kind = in.text();
  it.key = in.text();
  it.op = in.text();
  it.unit = in.text();
  return it;
}

void State::put(std::int64_t number, const Case& it) {
  Writer out;
  out.text(it.kind).text(it.key).text(it.op).text(it.unit);
  step_.put(key_of('k', big_endian(static_cast<std::uint64_t>(number))), out.take());
}

void State::erase_case(std::int64_t number) {
  step_.erase(key_of('k', big_endian(static_cast<std::uint64_t>(number))));
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

void State::put_alias(std::string_view key, std::string_view record) {
  step_.put(key_of('a', key), record);
}

void State::index(std::string_view field, std::string_view value, std::string_view key) {
  step_.put(with_nul('i', field) + std::string(value) + '\0' + std::string(key), "");
}

void State::unindex(std::string_view field, std::string_view value, std::string_view key) {
  step_.erase(with_nul('i', field) + std::string(value) + '\0' + std::string(key));
}

std::vector<std::string> State::indexed(std::string_view field, std::string_view value) const {
  const auto prefix = with_nul('i', field) + std::string(value) + '\0';
  std::vector<std::string> keys;
  step_.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    keys.emplace_back(key.substr(prefix.size()));
    return keys.size() < 100;
  });
  return keys;
}

void State::put_clock(const Hlc& clock) { change_counts().clock = clock; }

std::optional<std::string> State::note(std::string_view name) const {
  return step_.get(key_of('n', name));
}

void State::put_note(std::string_view name, std::string_view value) {
  step_.put(key_of('n', name), value);
}

}  // namespace bascule::conflict
