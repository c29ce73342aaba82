#include "conflict/merge/knowledge.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

// What came before it is no part of what its author saw.
bool begins_anew(const Op& op) { return op.kind == Kind::remove || op.kind == Kind::recreate; }

// What an op has made of a group, if that does not go by what came before.
std::optional<Json> written_group(const Entry& entry, std::string_view group) {
  for (const auto& change : entry.changes) {
    if (change.unit == group) return parse_json(change.value);
  }
  return begins_anew(entry.op) ? std::optional<Json>(Json::object()) : std::nullopt;
}

// A person's op has its fields now.
bool was_accepted(const Entry& entry) { return entry.reason == "resolved"; }

// A person has decided about it, perhaps ahead of what it builds on.
bool was_let_pass(const Entry& entry) { return was_accepted(entry) || !entry.op.person.empty(); }

}  // namespace

Knowledge::Knowledge(const Options& options, const State& state, const Waiting& waiting,
                     const Record& record, const Op& op)
    : options_(options), record_(record), op_(op), base_(op.base), stamp_(op.hlc) {
  if (op.blind()) {
    absent_ = !record.exists();
    life_ = record.life;
    // Whether a delete counts is decided by time alone; the author is not taken to have seen it.
    return;
  }
  if (forgot()) base_ = record.forgotten;
  if (base_ == record.version) {
    deleted_ = base_deleted_ = record.deleted;
    life_ = record.life;
    stamp_ = lifted(stamp_, record.newest);
  }
  absent_ = base_ < 0;
  if (base_ < record.last_from) {
    read_history(state, waiting);
  } else if (!options.groups.empty()) {
    collect_chain(state, waiting);  // what is pending
  }
}

// What came after the base, and the base itself.
void Knowledge::read_history(const State& state, const Waiting& waiting) {
  auto later = state.entries_after(record_, base_);
  unseen_ = std::move(later.entries);
  if (!later.whole) {
    known_ = op_.base < 0;
    if (!known_) return;
    if (forgot()) life_ = record_.life;
    base_ = -1;
    absent_ = true;
    add_standing();
  } else if (base_ >= 0 && base_ < record_.version) {
    seen_ = stored_version(options_, record_);
    for (auto entry = unseen_.rbegin(); entry != unseen_.rend(); ++entry) {
      if (entry->undo) put_back(*entry->undo, *seen_);
    }
    // In between is only what a person has accepted, and what has made no version.
    if (seen_->made_by > unseen_.front().before) {
      throw std::runtime_error("the state has lost a version of " + op_.key);
    }
    deleted_ = base_deleted_ = seen_->deleted;
    life_ = seen_->life;
    stamp_ = lifted(stamp_, seen_->newest);
  }
  look_at_chain(state, waiting);
  set_apart_later(state);
  std::erase_if(unseen_, [&](const Entry& entry) {
    // In the place of what a person has accepted is the person's op.
    if (entry.verdict == Verdict::reject || was_accepted(entry)) return true;
    // A blind author is taken to have seen what is older, also what comes later.
    return entry.op.blind() && stamp_ < entry.stamp;
  });
}

// Who has seen nothing of the record has not seen what stands either, though the entries that it is
// from are trimmed.
void Knowledge::add_standing() {
  std::map<std::string_view, Entry> standing;
  for (const auto& entry : unseen_) standing[entry.op.id].number = entry.number;
  for (const auto& unit : record_.units) {
    for (const auto& [place, value] : record_.heads(unit)) {
      const auto& author = record_.authors.at(place);
      auto& entry = standing[author.op];
      if (entry.number != 0) continue;  // it is there still
      entry.op.id = author.op;
      entry.op.key = op_.key;
      entry.op.hlc = entry.stamp = author.stamp;
      entry.op.u_ms = author.u_ms;
      entry.from = author.from;
      entry.life = record_.life;
      entry.op.fields[unit.name] = value;
      entry.changes.push_back({unit.name, std::string(value), 0});
    }
  }
  std::vector<Entry> all;
  for (const auto& [op, entry] : standing) {
    if (entry.number == 0) all.push_back(entry);
  }
  all.insert(all.end(), unseen_.begin(), unseen_.end());
  unseen_ = std::move(all);
}

// Downward from `below`, where what an op builds on is, and then above: an op that a person has let
// pass may have been decided before that.
std::size_t Knowledge::find_unseen(std::string_view op, std::size_t below) const {
  for (auto i = below; i-- > 0;) {
    if (unseen_[i].op.id == op) return i;
  }
  for (auto i = unseen_.size(); i-- > below;) {
    if (unseen_[i].op.id == op) return i;
  }
  return unseen_.size();
}

// What an op builds on that is not among the unseen, if that still waits, or was let pass or
// rejected by a person; else nothing. `passed` has where the walk was.
std::string Knowledge::before(const State& state, const std::string& op,
                              std::set<std::string>& passed) {
  const auto place = state.place(op);
  if (!place || !passed.insert(op).second) return {};
  if (place->at != Place::At::decided) return place->prev;
  const auto entry = state.entry(place->number);
  const bool on_the_way = entry && (was_let_pass(*entry) || entry->verdict == Verdict::reject);
  return on_the_way ? entry->op.prev : std::string();
}

void Knowledge::note_pending(const Waiting& waiting, const std::string& op) {
  if (auto parked = waiting.parked(op)) pending_.push_back({chain_.size(), std::move(parked->op)});
}

// Walks from `prev` to the op before it, and so on, as long as these are not in the base. Gives
// where it ended.
std::string Knowledge::collect_chain(const State& state, const Waiting& waiting) {
  std::set<std::string> passed;
  auto prev = op_.prev;
  for (auto at = unseen_.size(); !prev.empty();) {
    at = find_unseen(prev, at);
    if (at == unseen_.size()) {
      auto further = before(state, prev, passed);
      note_pending(waiting, prev);
      if (further.empty()) return prev;
      prev = std::move(further);
      continue;
    }
    prev = unseen_[at].op.prev;
    chain_.push_back(std::move(unseen_[at]));
    unseen_.erase(unseen_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return {};
}

// What comes before an op of the base was decided before it, or else a person let something between
// the two pass. All of it was seen.
void Knowledge::look_below(const State& state, std::string op) {
  const auto own = [&](const Entry& entry) { return entry.op.hlc.origin == op_.hlc.origin; };
  std::set<std::string> passed;
  while (passed.insert(op).second && std::any_of(unseen_.begin(), unseen_.end(), own)) {
    const auto place = state.place(op);
    if (!place) return;
    const auto entry = state.entry(place->number);
    op = entry ? entry->op.prev : place->prev;
    const auto at = find_unseen(op, unseen_.size());
    if (at == unseen_.size()) continue;
    below_.push_back(std::move(unseen_[at]));
    unseen_.erase(unseen_.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

void Knowledge::look_at_chain(const State& state, const Waiting& waiting) {
  look_below(state, collect_chain(state, waiting));
  for (const auto& entry : below_) stamp_ = lifted(stamp_, entry.stamp);
  if (chain_.empty()) return;
  const auto& last = chain_.front();
  absent_ = false;
  deleted_ = last.op.kind == Kind::remove && record_.exists();
  // Of a record that somebody has made anew since, and that it saw so, it means the new life.
  const bool saw_anew = !deleted_ && !base_deleted_ && life_ > last.life;
  if (!saw_anew) life_ = last.life;
  for (const auto& entry : chain_) stamp_ = lifted(stamp_, entry.stamp);
  if (!op_.guessed_prev) return;
  // Where nobody says what an author at the centre has seen, time decides about a delete, be it of
  // the same night or decided already.
  deleted_ = false;
  std::erase_if(chain_, [](const Entry& entry) { return entry.op.kind == Kind::remove; });
}

// Takes out of the unseen what has seen this op, and so is not concurrent with it.
void Knowledge::set_apart_later(const State& state) {
  const auto is_this = [&](const std::string& op) {
    return op == op_.id || std::any_of(later_.begin(), later_.end(),
                                       [&](const Entry& entry) { return entry.op.id == op; });
  };
  const auto builds_on_this = [&](const Entry& entry) {
    if (is_this(entry.op.prev)) return true;
    if (!was_let_pass(entry)) return false;
    std::set<std::string> passed;
    auto prev = before(state, entry.op.prev, passed);
    while (!prev.empty() && !is_this(prev)) prev = before(state, prev, passed);
    return !prev.empty();
  };
  for (auto entry = unseen_.begin(); entry != unseen_.end();) {
    if (!builds_on_this(*entry)) {
      ++entry;
      continue;
    }
    later_.push_back(std::move(*entry));
    entry = unseen_.erase(entry);
  }
}

bool Knowledge::replaced(std::string_view unit) const {
  return std::any_of(later_.begin(), later_.end(), [&](const Entry& entry) {
    return entry.life == record_.life && entry.verdict != Verdict::reject &&
           std::any_of(entry.changes.begin(), entry.changes.end(),
                       [&](const Change& change) { return change.unit == unit; });
  });
}

bool Knowledge::misses_a_version() const {
  const auto made_one = [](const Entry& entry) { return entry.made_by == entry.number; };
  return std::any_of(unseen_.begin(), unseen_.end(), made_one) ||
         std::any_of(later_.begin(), later_.end(), made_one);
}

void Knowledge::see_everything() {
  everything_ = known_ = true;
  unseen_.clear();
  seen_.reset();
  absent_ = !record_.exists();
  deleted_ = base_deleted_ = record_.deleted;
  life_ = record_.life;
  stamp_ = lifted(lifted(stamp_, record_.newest), record_.newest_lost);
}

void Knowledge::let_through() {
  const auto own = stamp_;
  const auto own_life = life_;
  const bool saw_it_all =
      !op_.blind() && (chained() ? !misses_a_version() : base_ == record_.version);
  const bool deleted_itself = !chain_.empty() && deleted_;
  auto passed = std::move(unseen_);
  see_everything();
  if (deleted_itself) {
    deleted_ = base_deleted_ = true;
    life_ = own_life;
  }
  // It goes behind what stands, and need not go behind what lost.
  stamp_ = saw_it_all ? own : lifted(own, record_.newest);
  passed_ = std::move(passed);
  let_through_ = true;
}

void Knowledge::join_life() {
  life_ = record_.life;
  deleted_ = false;
}

bool Knowledge::saw(const Author& author) const {
  if (everything_) return true;
  if (op_.blind()) return author.stamp < stamp_;
  if (author.from <= base_) return true;
  const auto by_author = [&](const Entry& entry) { return entry.op.id == author.op; };
  return std::any_of(chain_.begin(), chain_.end(), by_author) ||
         std::any_of(below_.begin(), below_.end(), by_author);
}

// As the base has it. Of a deleted record the fields may still be kept; nobody sees them.
std::string Knowledge::field_value(std::string_view field) const {
  if (base_deleted_) return "null";
  if (seen_) {
    const auto found = seen_->fields.find(field);
    return found == seen_->fields.end() ? "null" : found->second;
  }
  // What a foreign author saw nobody knows; the record as it is comes nearest.
  const bool nothing = absent_ || (base_ < 0 && !op_.blind() && !everything_);
  if (nothing && !op_.foreign()) return "null";
  const auto json = parse_json(render(options_, record_));
  const auto found = json.find(field);
  return found == json.end() ? "null" : found->dump();
}

// The author's own ops that are decided come on top of the base, latest first, and between them
// those that wait.
std::string Knowledge::group_value(std::string_view group) const {
  const auto& members = options_.groups.find(group)->second;
  const auto in_base = [&] {
    auto value = Json::object();
    for (const auto& member : members) {
      auto text = field_value(member);
      if (text != "null") value[member] = parse_json(text);
    }
    return value;
  };
  if (everything_) return in_base().dump();  // a person sees the record
  Fields own;
  std::optional<Json> value;
  auto pending = pending_.begin();
  for (std::size_t i = 0; !value; ++i) {
    for (; !value && pending != pending_.end() && pending->before == i; ++pending) {
      own.insert(pending->op.fields.begin(), pending->op.fields.end());  // keeps the later one
      if (begins_anew(pending->op)) value = Json::object();
    }
    if (value) break;
    value = i < chain_.size() ? written_group(chain_[i], group) : in_base();
  }
  for (const auto& member : members) {
    const auto field = own.find(member);
    if (field == own.end()) continue;
    value->erase(member);
    if (field->second != "null") (*value)[member] = parse_json(field->second);
  }
  return value->dump();
}

std::int64_t Knowledge::sum_value(std::string_view field) const {
  std::int64_t sum = 0;
  for (const auto& entry : chain_) {
    if (everything_) break;  // the record has them
    for (const auto& change : entry.changes) {
      if (change.unit == field) sum += change.delta;
    }
    if (begins_anew(entry.op)) return sum;
  }
  const auto json = parse_json(field_value(field));
  return sum + (json.is_number_integer() ? json.get<std::int64_t>() : 0);
}

}  // namespace bascule::conflict
