// Another bridge with our id, which writes its bookmark over ours: each sends again what it need
// not then, and may miss what the broker loses. In the log when it is seen, at most once an hour,
// and in the status for a day after, or until our own bookmark was found there by a later
// connection. Written on a link's loop thread, read by any. Times are arguments.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace bascule {

class Namesake {
 public:
  explicit Namesake(std::string bridge_id) : bridge_id_(std::move(bridge_id)) {}

  // A bookmark of an epoch that never was ours was read at `broker`. `now_ms`: boot time.
  void seen(const std::string& epoch, const std::string& broker, std::int64_t now_ms);
  // What a connection found there, ours or a foreign one; an empty epoch: none.
  void learn(const std::string& epoch, bool foreign, const std::string& broker,
             std::int64_t now_ms);

  std::string text(std::int64_t now_ms) const;  // empty: there is none

 private:
  const std::string bridge_id_;
  mutable std::mutex mutex_;
  std::string text_;           // guarded by mutex_, as the next two
  std::int64_t seen_ms_ = 0;   // the last time
  std::int64_t told_ms_ = -1;  // in the log; -1: not yet
};

}  // namespace bascule
