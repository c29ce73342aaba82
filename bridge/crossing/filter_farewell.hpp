// Takes leave of the filters that a session holds of an earlier configuration, where they overlap
// with those of now: the steps of exchange.hpp, on one link. None is unsubscribed before the new
// ones have answered, so nothing is missed. Where the broker says no identifiers (MQTT 3.1.1), and
// on a session that is new, there is nothing to wait for.
//
// That a filter is gone is noted a little later than it is known: by then what it brought is
// acknowledged, and does not come again to a bridge that knows nothing of it. Where the words do
// not come back the filters go all the same, with a warning.
//
// Lives on the link's loop thread, but for delivered() and listen().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crossing/exchange.hpp"
#include "crossing/subscriptions.hpp"
#include "link/link.hpp"
#include "link/loop.hpp"

namespace bascule {

// A word is behind what the session has queued, so it is waited for as long as that comes: until
// it is quiet, or for so long in all.
struct FarewellPatience {
  std::chrono::milliseconds quiet{5'000}, all{120'000};
  std::chrono::milliseconds look_every{500};
  std::chrono::milliseconds note_after{5'000};  // that a filter is gone
};

class FilterFarewell {
 public:
  // `say` publishes a word to the bridge itself; `note` is told of each filter that is gone.
  FilterFarewell(Exchange& exchange, const Subscriptions& subscriptions, Link& link,
                 std::function<void(const std::string& word)> say,
                 std::function<void(const std::string& filter)> note,
                 FarewellPatience patience = {});

  void connected(const Limits& limits);
  void subscribed();
  void disconnected();
  void unsubscribed(const std::string& filter);
  // On the link's reading thread: something was delivered; a word to the bridge itself has come.
  void delivered() { ++delivered_; }
  void listen(std::string_view word);

 private:
  void heard(Exchange::Heard what);
  void let_go();
  void wait();
  void look();
  void finish();
  void note_all();

  Exchange& exchange_;
  const Subscriptions& subscriptions_;
  Link& link_;
  std::function<void(const std::string&)> say_, note_;
  std::vector<std::string> former_;  // that the session holds
  std::set<std::string> gone_;       // of these, not noted yet
  const FarewellPatience patience_;
  bool unfinished_;  // of an earlier run
  bool up_ = false;
  bool unsubscribed_ = false;  // they were, on this connection
  Loop::Timer waiting_;        // for a word
  Loop::Timer noting_;
  std::atomic<std::uint64_t> delivered_ = 0;
  std::uint64_t seen_ = 0;  // of these
  std::int64_t said_ms_ = 0, quiet_since_ms_ = 0;
};

}  // namespace bascule
