// What is told to everybody who reads it, as server-sent events (text/event-stream): states, of
// which only the newest counts, and notices, of which each does. A reader that is slow is kept the
// newest of each state, and a bounded number of notices; how many more there were it is told.
//
// Any thread. `wake` of a reader is called on the thread that tells, under the feed's lock: it only
// posts to where the reader works.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace bascule {

class Feed {
 public:
  static constexpr std::size_t notices_max = 256;             // that a reader has not taken
  static constexpr std::size_t notice_bytes_max = 256 << 10;  // of those together

  // Joins when it is made, and leaves when it is destroyed. It has the present states at once; the
  // feed outlives it.
  class Reader {
   public:
    Reader(Feed& feed, std::function<void()> wake);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    // What has come since the last call, as the text of a stream; empty: nothing. `wake` is called
    // again once there is more.
    std::string take();

   private:
    friend class Feed;
    using Text = std::shared_ptr<const std::string>;  // one for all readers

    bool empty() const { return states_.empty() && notices_.empty() && missed_ == 0; }
    void add(const Text& notice);

    Feed& feed_;
    std::function<void()> wake_;
    std::map<std::string, Text> states_;  // guarded by the feed's mutex, as the next
    std::deque<Text> notices_;
    std::size_t notice_bytes_ = 0;
    std::uint64_t missed_ = 0;
  };

  // Replaces the state of this name, unless its `key` is that of what was told last: what of it is
  // worth to be told. `data`: one line.
  void state(const std::string& name, const std::string& key, const std::string& data);
  void notice(const std::string& name, const std::string& data);

  // Waits until somebody reads; false once the feed is closed. While nobody does, there are no
  // states: they would be old.
  bool await_reader();
  bool is_read();
  // Waits for so long; false once the feed is closed.
  bool pause(std::chrono::milliseconds time);
  void close();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  struct State {
    std::string key;
    Reader::Text text;
  };
  std::map<std::string, State> states_;  // guarded by mutex_, as the next
  std::set<Reader*> readers_;
  bool closed_ = false;
};

}  // namespace bascule
