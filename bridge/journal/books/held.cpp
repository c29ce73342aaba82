#include "journal/books/held.hpp"

#include <algorithm>

namespace bascule {

void Held::load() {
  topics_.clear();
  changed_.clear();
  for (HeldTopic& topic : transaction_.store().held().topics()) {
    Key key{topic.lane, topic.topic};
    topics_.emplace(std::move(key), std::move(topic));
  }
}

bool Held::hold(const HeldRow& row, const std::string& reason, std::int64_t wall_ms) {
  if (!transaction_.write().held().add(row)) return false;
  const Key key{row.place.lane, row.topic};
  const auto found =
      topics_.try_emplace(key, HeldTopic{row.place.lane, row.topic, reason, 0, 0, wall_ms}).first;
  HeldTopic& topic = found->second;
  if (!reason.empty()) topic.reason = reason;
  ++topic.messages;
  topic.bytes += row.record.size();
  changed_.insert(key);
  return true;
}

std::optional<std::uint64_t> Held::release(LaneSequence place) {
  const auto taken = transaction_.write().held().take(place);
  if (!taken) return std::nullopt;
  const Key key{place.lane, taken->topic};
  if (const auto found = topics_.find(key); found != topics_.end()) {
    HeldTopic& topic = found->second;
    topic.bytes -= std::min(topic.bytes, taken->bytes);
    if (--topic.messages == 0) topics_.erase(found);
  }
  changed_.insert(key);
  return taken->bytes;
}

std::vector<HeldTopic> Held::topics(LaneId lane) const {
  std::vector<HeldTopic> found;
  for (auto it = topics_.lower_bound({lane, {}}); it != topics_.end() && it->first.first == lane;
       ++it) {
    found.push_back(it->second);
  }
  return found;
}

void Held::save() {
  if (changed_.empty()) return;
  HeldTable& table = transaction_.write().held();
  for (const Key& key : std::exchange(changed_, {})) {
    const auto found = topics_.find(key);
    if (found != topics_.end()) {
      table.save(found->second);
    } else {
      table.erase(key.first, key.second);
    }
  }
}

}  // namespace bascule
