#include "subscriptions.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "message/topic.hpp"

namespace bascule {

Subscriptions::Subscriptions(std::vector<SubscriptionRow> known, std::vector<Subscription> wanted)
    : wanted_(std::move(wanted)) {
  for (SubscriptionRow& row : known) {
    generation_ = std::max(generation_, row.generation);
    entries_[row.identifier].row = std::move(row);
  }
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
  index();
}

void Subscriptions::begin_generation() {
  ++generation_;
  for (Subscription& subscription : wanted_) {
    const auto identifier = next_identifier();
    entries_[identifier].row = {identifier, generation_, subscription.filter, false, true};
    subscription.identifier = identifier;
  }
  forget_old();
}

std::uint32_t Subscriptions::next_identifier() const {
  return entries_.empty() ? 1 : entries_.rbegin()->first + 1;
}

// Messages of an old generation may be queued still. A filter that may be held is never forgotten.
void Subscriptions::forget_old() {
  std::set<std::string_view> wanted;
  for (const Subscription& subscription : wanted_) wanted.insert(subscription.filter);
  std::erase_if(entries_, [&](const auto& entry) {
    const SubscriptionRow& row = entry.second.row;
    const bool old = row.generation + generations_kept <= generation_;
    return old && (!row.held || wanted.contains(row.filter));
  });
}

void Subscriptions::index() {
  std::set<std::string_view> wanted;
  for (const Subscription& subscription : wanted_) wanted.insert(subscription.filter);
  for (auto& [identifier, entry] : entries_) {
    entry.wanted = wanted.contains(entry.row.filter);
    entry.earlier.clear();
    for (const auto& [other, before] : entries_) {
      if (other >= identifier) break;
      if (before.row.generation == entry.row.generation && before.row.sure &&
          overlap(before.row.filter, entry.row.filter)) {
        entry.earlier.push_back(before.row.filter);
      }
    }
  }
}

std::vector<SubscriptionRow> Subscriptions::rows() const {
  std::vector<SubscriptionRow> rows;
  for (const auto& [identifier, entry] : entries_) rows.push_back(entry.row);
  return rows;
}

std::vector<std::string> Subscriptions::unwanted() const {
  std::set<std::string> filters;
  for (const auto& [identifier, entry] : entries_) {
    if (entry.row.held && !entry.wanted) filters.insert(entry.row.filter);
  }
  return {filters.begin(), filters.end()};
}

std::uint32_t Subscriptions::identifier(std::string_view filter) const {
  const auto found = std::ranges::find(wanted_, filter, &Subscription::filter);
  return found == wanted_.end() ? 0 : found->identifier;
}

Subscriptions::Entry* Subscriptions::current(std::string_view filter) {
  const auto found = entries_.find(identifier(filter));
  return found == entries_.end() ? nullptr : &found->second;
}

bool Subscriptions::granted(std::string_view filter, std::uint32_t identifier) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = current(filter);
  if (entry == nullptr || entry->row.identifier != identifier || entry->row.sure) return false;
  entry->row.sure = true;
  index();
  return true;
}

bool Subscriptions::failed(std::string_view filter) {
  const auto subscription = std::ranges::find(wanted_, filter, &Subscription::filter);
  if (subscription == wanted_.end()) return false;
  const std::lock_guard lock(mutex_);
  const auto identifier = next_identifier();
  if (const auto before = entries_.find(subscription->identifier); before != entries_.end()) {
    // Only what was granted once may have brought something that is queued still.
    if (!std::exchange(before->second.row.sure, false)) entries_.erase(before);
  }
  entries_[identifier].row = {identifier, generation_, subscription->filter, false, true};
  subscription->identifier = identifier;
  index();
  return true;
}

bool Subscriptions::unsubscribed(std::string_view filter) {
  const std::lock_guard lock(mutex_);
  bool changed = false;
  for (auto& [identifier, entry] : entries_) {
    if (entry.row.filter != filter || entry.wanted || !entry.row.held) continue;
    entry.row.held = false;
    changed = true;
  }
  if (changed) forget_old();
  return changed;
}

Subscriptions::Source Subscriptions::source(std::uint32_t identifier,
                                            std::string_view topic) const {
  if (identifier == several_subscriptions) return {};
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(identifier);
  if (found != entries_.end()) {
    const Entry& entry = found->second;
    for (const std::string& filter : entry.earlier) {
      if (matches(filter, topic)) return {Origin::repeat, {}};
    }
    if (entry.wanted) return {};
  }
  const Entry* former = nullptr;
  for (const auto& [other, entry] : entries_) {
    if (!matches(entry.row.filter, topic)) continue;
    if (entry.wanted) return {};
    former = &entry;
  }
  if (former == nullptr) return {Origin::unknown, {}};
  return {Origin::former, former->row.filter};
}

}  // namespace bascule
