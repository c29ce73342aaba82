#include "journal/loss_news.hpp"

#include <algorithm>
#include <limits>

namespace bascule {

void LossNews::join(Loss& all, const Loss& loss) {
  if (all.count == 0) {
    all = loss;
    return;
  }
  all.first = std::min(all.first, loss.first);
  all.last = std::max(all.last, loss.last);
  all.count += loss.count;
  all.bytes += loss.bytes;
  all.at_ms = loss.at_ms;
}

void LossNews::add(const Loss& loss) { join(uncommitted_[{loss.lane, loss.reason}], loss); }

void LossNews::committed() {
  for (const auto& [kind, loss] : std::exchange(uncommitted_, {})) join(news_[kind].untold, loss);
}

std::vector<Loss> LossNews::take_due(std::int64_t now_ms) {
  std::vector<Loss> due;
  for (auto entry = news_.begin(); entry != news_.end();) {
    News& news = entry->second;
    const bool early = news.told_ms >= 0 && now_ms - news.told_ms < pause_ms;
    if (!early && news.untold.count == 0) {
      entry = news_.erase(entry);
      continue;
    }
    if (!early) {
      due.push_back(std::exchange(news.untold, {}));
      news.told_ms = now_ms;
    }
    ++entry;
  }
  return due;
}

std::vector<Loss> LossNews::take_all() {
  for (auto& [kind, news] : news_) news.told_ms = -1;
  return take_due(std::numeric_limits<std::int64_t>::max());
}

}  // namespace bascule
