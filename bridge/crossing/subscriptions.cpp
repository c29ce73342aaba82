#include "crossing/subscriptions.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "message/topic.hpp"

namespace bascule {

Subscriptions::Subscriptions(std::vector<SubscriptionRow> known, std::vector<Subscription> wanted)
    : wanted_(std::move(wanted)) {
  for (const Subscription& subscription : wanted_) place_.try_emplace(subscription.filter, 0);
  for (SubscriptionRow& row : known) {
    generation_ = std::max(generation_, row.generation);
    add(std::move(row));
  }
  put_first_what_stays();
  for (std::size_t i = wanted_.size(); i-- > 0;) place_[wanted_[i].filter] = i;
  std::vector<const SubscriptionRow*> last;
  for (const auto& [identifier, entry] : entries_) {
    if (entry.row.generation == generation_) last.push_back(&entry.row);
  }
  // A restart is the time to leave behind what is not sure.
  const bool same = std::ranges::equal(
      last, wanted_, [](const SubscriptionRow* row, const Subscription& subscription) {
        return row->sure && row->filter == subscription.filter;
      });
  if (same) {
    for (std::size_t i = 0; i < last.size(); ++i) wanted_[i].identifier = last[i]->identifier;
  } else {
    begin_generation();
  }
  changed_.clear();
}

void Subscriptions::add(SubscriptionRow row) {
  const std::uint32_t identifier = row.identifier;
  Entry entry{std::move(row)};
  entry.wanted = place_.contains(entry.row.filter);
  FilterTree::Numbers meeting;
  filters_.overlapping(entry.row.filter, meeting);
  for (const std::uint32_t other : meeting) {
    const auto found = entries_.find(other);
    if (found == entries_.end() || found->second.row.generation != entry.row.generation) continue;
    found->second.alone = entry.alone = false;
  }
  filters_.add(entry.row.filter, identifier);
  auto& identifiers = identifiers_[entry.row.filter];
  identifiers.push_back(identifier);
  entry.first = identifiers.front();
  entries_[identifier] = std::move(entry);
  changed_.insert(identifier);
}

// What the last generation had. An earlier one's filter may have been unsubscribed, though that is
// not noted.
void Subscriptions::put_first_what_stays() {
  std::map<std::string_view, const SubscriptionRow*> last;
  for (const auto& [identifier, entry] : entries_) last[entry.row.filter] = &entry.row;
  unfinished_ = std::ranges::any_of(last, [&](const auto& one) {
    return one.second->held && one.second->generation < generation_;
  });
  const auto rank = [&](const Subscription& subscription) {
    const auto found = last.find(subscription.filter);
    const bool stays = found != last.end() && found->second->generation == generation_;
    return stays ? found->second->identifier : std::numeric_limits<std::uint32_t>::max();
  };
  std::ranges::stable_sort(wanted_, {}, rank);
}

void Subscriptions::begin_generation() {
  ++generation_;
  for (Subscription& subscription : wanted_) {
    subscription.identifier = next_identifier();
    add({subscription.identifier, generation_, subscription.filter, false, true});
  }
  std::erase_if(entries_, [&](const auto& entry) { return forgettable(entry.second); });
}

std::uint32_t Subscriptions::next_identifier() const {
  return entries_.empty() ? 1 : entries_.rbegin()->first + 1;
}

// Messages of an old generation may be queued still. A filter that may be held is never forgotten.
bool Subscriptions::forgettable(const Entry& entry) const {
  const bool old = entry.row.generation + generations_kept <= generation_;
  return old && (!entry.row.held || entry.wanted);
}

std::vector<SubscriptionRow> Subscriptions::rows() const {
  std::vector<SubscriptionRow> rows;
  for (const auto& [identifier, entry] : entries_) rows.push_back(entry.row);
  return rows;
}

Subscriptions::Changes Subscriptions::changes() const {
  Changes changes;
  for (const std::uint32_t identifier : changed_) {
    const auto found = entries_.find(identifier);
    if (found != entries_.end()) {
      changes.rows.push_back(found->second.row);
    } else {
      changes.gone.push_back(identifier);
    }
  }
  return changes;
}

void Subscriptions::kept(const Changes& changes) {
  for (const SubscriptionRow& row : changes.rows) {
    const auto found = entries_.find(row.identifier);
    if (found != entries_.end() && found->second.row == row) changed_.erase(row.identifier);
  }
  for (const std::uint32_t identifier : changes.gone) changed_.erase(identifier);
}

std::vector<std::string> Subscriptions::unwanted() const {
  std::set<std::string> filters;
  for (const auto& [identifier, entry] : entries_) {
    if (entry.row.held && !entry.wanted) filters.insert(entry.row.filter);
  }
  return {filters.begin(), filters.end()};
}

bool Subscriptions::overlaps_wanted(const std::string& filter) const {
  FilterTree::Numbers meeting;
  filters_.overlapping(filter, meeting);
  return std::ranges::any_of(meeting, [&](std::uint32_t number) {
    const auto found = entries_.find(number);
    return found != entries_.end() && found->second.wanted;
  });
}

std::vector<std::string> Subscriptions::exchanged() const {
  std::vector<std::string> filters = unwanted();
  std::erase_if(filters, [&](const std::string& filter) { return !overlaps_wanted(filter); });
  return filters;
}

std::vector<std::string> Subscriptions::not_exchanged() const {
  std::vector<std::string> filters = unwanted();
  std::erase_if(filters, [&](const std::string& filter) { return overlaps_wanted(filter); });
  return filters;
}

Subscription* Subscriptions::of(std::string_view filter) {
  const auto found = place_.find(filter);
  return found == place_.end() ? nullptr : &wanted_[found->second];
}

std::uint32_t Subscriptions::identifier(std::string_view filter) const {
  const auto found = place_.find(filter);
  return found == place_.end() ? 0 : wanted_[found->second].identifier;
}

bool Subscriptions::granted(std::string_view filter, std::uint32_t identifier) {
  const std::lock_guard lock(mutex_);
  if (this->identifier(filter) != identifier) return false;
  const auto found = entries_.find(identifier);
  if (found == entries_.end() || found->second.row.sure) return false;
  found->second.row.sure = true;
  changed_.insert(identifier);
  return true;
}

bool Subscriptions::failed(std::string_view filter) {
  Subscription* const subscription = of(filter);
  if (subscription == nullptr) return false;
  const std::lock_guard lock(mutex_);
  const auto identifier = next_identifier();
  if (const auto before = entries_.find(subscription->identifier); before != entries_.end()) {
    changed_.insert(before->first);
    // Only what was granted once may have brought something that is queued still.
    if (!std::exchange(before->second.row.sure, false)) entries_.erase(before);
  }
  add({identifier, generation_, subscription->filter, false, true});
  subscription->identifier = identifier;
  return true;
}

bool Subscriptions::unsubscribed(std::string_view filter) {
  const std::lock_guard lock(mutex_);
  const auto known = identifiers_.find(filter);
  if (known == identifiers_.end()) return false;
  bool changed = false;
  for (const std::uint32_t identifier : known->second) {
    const auto found = entries_.find(identifier);
    if (found == entries_.end() || found->second.wanted || !found->second.row.held) continue;
    found->second.row.held = false;
    changed_.insert(identifier);
    changed = true;
    if (forgettable(found->second)) entries_.erase(found);
  }
  return changed;
}

Subscriptions::Source Subscriptions::source(std::uint32_t identifier,
                                            std::string_view topic) const {
  if (identifier == several_subscriptions) return {};
  thread_local FilterTree::Numbers over;
  const std::lock_guard lock(mutex_);
  const auto its = entries_.find(identifier);
  Source source;
  if (its != entries_.end()) {
    source.filter_number = its->second.first;
  } else if (identifier != 0) {
    // A broker may take what it has not answered, and bring messages for it.
    for (const auto& [filter, its_own] : identifiers_) {
      if (std::ranges::find(its_own, identifier) == its_own.end()) continue;
      source.filter_number = its_own.front();
      break;
    }
  }
  if (its != entries_.end() && its->second.wanted && its->second.alone) return source;
  filters_.matching(topic, over);
  const Entry* former = nullptr;
  bool wanted = false;
  for (const std::uint32_t other : over) {
    const auto found = entries_.find(other);
    if (found == entries_.end()) continue;
    const Entry& entry = found->second;
    const bool before = its != entries_.end() && other < identifier && entry.row.sure &&
                        entry.row.generation == its->second.row.generation;
    if (before) {
      source.origin = Origin::repeat;
      return source;
    }
    wanted = wanted || entry.wanted;
    if (!entry.wanted) former = &entry;
  }
  if (wanted || (its != entries_.end() && its->second.wanted)) return source;
  source.origin = former == nullptr ? Origin::unknown : Origin::former;
  if (former != nullptr) {
    source.filter = former->row.filter;
    source.held = former->row.held;
  }
  return source;
}

}  // namespace bascule
