#include "conflict/knowledge.hpp"

#include <algorithm>

#include "conflict/json.hpp"

namespace bascule::conflict {

Knowledge::Knowledge(const Options& options, const State& state, const Record& record, const Op& op)
    : options_(options), record_(record), op_(op), stamp_(op.hlc) {
  if (op.blind()) {
    absent_ = !record.exists();
    life_ = record.life;
    // Whether a delete counts is decided by time alone; the author is not taken to have seen it.
    return;
  }
  absent_ = op.base < 0;
  if (op.base >= 0 && op.base == record.version) {
    deleted_ = record.deleted;
    life_ = record.life;
    stamp_ = lifted(stamp_, record.newest);
  }
  if (op.base >= record.last_from) return;
  unseen_ = state.entries_after(record, op.base);
  if (op.base >= 0 && op.base < record.version) {
    snapshot_ = state.snapshot(unseen_.front().before);
    if (!snapshot_) throw std::runtime_error("the state has lost a version of " + op.key);
    deleted_ = snapshot_->deleted;
    life_ = snapshot_->life;
    stamp_ = lifted(stamp_, snapshot_->newest);
  }
  look_at_chain();
  std::erase_if(unseen_, [&](const Entry& entry) {
    // A blind author is taken to have seen what is older, also what comes later.
    return entry.verdict == Verdict::reject || (entry.op.blind() && stamp_ < entry.stamp);
  });
}

// Walks from `prev` to the op before it, and so on, as long as these are not in the base.
void Knowledge::look_at_chain() {
  auto prev = op_.prev;
  for (auto i = unseen_.size(); i-- > 0;) {
    if (unseen_[i].op.id != prev) continue;
    prev = unseen_[i].op.prev;
    chain_.push_back(std::move(unseen_[i]));
    unseen_.erase(unseen_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (chain_.empty()) return;
  const auto& last = chain_.front();
  absent_ = false;
  life_ = last.life;
  deleted_ = last.op.kind == Kind::remove;
  stamp_ = lifted(stamp_, last.stamp);
}

void Knowledge::see_everything() {
  everything_ = true;
  unseen_.clear();
  absent_ = !record_.exists();
  deleted_ = record_.deleted;
  life_ = record_.life;
  stamp_ = lifted(lifted(stamp_, record_.newest), record_.newest_lost);
}

void Knowledge::join_life() {
  life_ = record_.life;
  deleted_ = false;
}

bool Knowledge::saw(const Author& author) const {
  if (everything_) return true;
  if (op_.blind()) return author.stamp < stamp_;
  if (author.from <= op_.base) return true;
  return std::any_of(chain_.begin(), chain_.end(),
                     [&](const Entry& entry) { return entry.op.id == author.op; });
}

std::string Knowledge::field_value(std::string_view field) const {
  if (snapshot_) {
    const auto json = parse_json(snapshot_->json);
    const auto found = json.find(field);
    return found == json.end() ? "null" : found->dump();
  }
  if (absent_ || (op_.base < 0 && !op_.blind() && !everything_)) return "null";
  const auto json = parse_json(render(options_, record_));
  const auto found = json.find(field);
  return found == json.end() ? "null" : found->dump();
}

std::string Knowledge::group_value(std::string_view group) const {
  for (const auto& entry : chain_) {
    for (const auto& change : entry.changes) {
      if (change.unit == group) return change.value;
    }
  }
  auto value = Json::object();
  for (const auto& member : options_.groups.find(group)->second) {
    auto text = field_value(member);
    if (text != "null") value[member] = parse_json(text);
  }
  return value.dump();
}

std::int64_t Knowledge::sum_value(std::string_view field) const {
  const auto json = parse_json(field_value(field));
  auto sum = json.is_number_integer() ? json.get<std::int64_t>() : 0;
  for (const auto& entry : chain_) {
    for (const auto& change : entry.changes) {
      if (change.unit == field) sum += change.delta;
    }
  }
  return sum;
}

}  // namespace bascule::conflict
