#include "forwarder/bookmark/bookmark_lag.hpp"

#include <algorithm>

namespace bascule {
namespace {

// What both say of each lane; of one that only the newer knows, what that says.
Bookmark::Lanes both(const Bookmark::Lanes& older, Bookmark::Lanes newer) {
  for (auto& [lane, sequence] : newer) {
    const auto found = older.find(lane);
    if (found != older.end()) sequence = std::min(sequence, found->second);
  }
  return newer;
}

}  // namespace

Bookmark::Lanes BookmarkLag::take(const Bookmark::Lanes& accepted, std::int64_t now_ms) {
  if (!said_ || now_ms - next_ms_ >= lag_.count()) {
    said_ = said_ && lag_.count() > 0 ? next_ : accepted;
    next_ = accepted;
    next_ms_ = now_ms;
  }
  said_ = both(*said_, accepted);
  next_ = both(next_, accepted);
  return *said_;
}

}  // namespace bascule
