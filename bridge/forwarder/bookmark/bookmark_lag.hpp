// What a bookmark may say of a broker that acknowledges what it has not stored yet. nats-server
// puts a message into a queue in memory first; the bookmark, which lies elsewhere, may be stored
// before it. So it is said only of what was accepted a while ago. Lives on a link's loop thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "forwarder/bookmark/bookmark.hpp"

namespace bascule {

class BookmarkLag {
 public:
  explicit BookmarkLag(std::chrono::milliseconds lag) : lag_(lag) {}

  // What to write, where so much is accepted: what was accepted `lag` ago, by earlier calls, and
  // is so still. The first time all, for a process before may have written that.
  Bookmark::Lanes take(const Bookmark::Lanes& accepted, std::int64_t now_ms);
  // What was taken last is not all: another one has to follow.
  bool behind(const Bookmark::Lanes& accepted) const { return said_ && *said_ != accepted; }

 private:
  std::chrono::milliseconds lag_;
  std::optional<Bookmark::Lanes> said_;
  Bookmark::Lanes next_;  // accepted at next_ms_
  std::int64_t next_ms_ = 0;
};

}  // namespace bascule
