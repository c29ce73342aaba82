// The session that the bridge has at a broker under an earlier client id. Once the file names
// another one, nobody would ever come for what that session holds. So it is drained first, under
// its own name:
//
// 1. It works as any crossing does until all that had been queued has come.
// 2. The session of the present client id is made, and its connection ends. From here on the broker
//    gives each message to both sessions.
// 3. The bridge says a word on its own topic, which both hear. Behind it nothing is taken in any
//    more, and once the journal has what came before it, the former session is ended at the broker.
// 4. The present crossing starts. Up to the word it drops what the former one had brought.
//
// Where the broker does not let us hear our own topic, the former session goes on for a while in
// place of 3, and what comes in that time crosses twice; likewise where the bridge is killed
// between 2 and 4. Nothing is lost.
//
// Where somebody else uses the former client id by now, the broker says that the session was taken
// over: it is left to him. Made and destroyed on the main thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "crossing/crossing.hpp"
#include "journal/journal.hpp"
#include "link/link.hpp"
#include "link/loop.hpp"

namespace bascule {

class FormerSession {
 public:
  // `settings` are those of the link now, and `present` is its crossing, which is not started. The
  // rest as for a Crossing.
  FormerSession(const BridgeIdentity& bridge, const LinkSettings& settings, std::string client_id,
                Direction in, const std::vector<Route>& routes, Journal& journal, Events& events,
                Crossing& present);
  ~FormerSession();

  // `done` is called once, on a thread of this class, unless stop() comes first.
  void start(std::function<void()> done);
  // Before the journal stops. What is not drained is at the next start.
  void stop();

 private:
  bool admits(const Message& message);
  void drained();
  void made();
  void say();
  void unheard();
  void heard();
  void end(bool heard);
  void ended();
  void watch();
  void go_on();

  LinkSettings settings_;  // of now
  std::string client_id_;  // the former one
  std::string peer_;       // with the broker, as the journal has it
  Journal& journal_;
  const Direction in_;
  Crossing& present_;
  Crossing crossing_;
  std::unique_ptr<Link> making_;  // the present session; null: not yet
  bool made_ = false;
  std::unique_ptr<Link> ending_;  // the former one; likewise
  std::function<void()> done_;    // null: it was called
  const std::string word_;        // said with a number, another one each time
  std::uint64_t said_ = 0;
  std::atomic<bool> overlaps_ = false;  // both sessions are there, so what comes is noted
  std::atomic<bool> heard_ = false;     // the word was, on this connection
  // Both on the crossing's reading thread, until it has stopped.
  std::unordered_multiset<std::uint32_t> brought_;
  std::string last_;      // payload of the word that was heard
  bool working_ = true;   // the crossing is
  bool stopped_ = false;  // main thread
  Loop loop_;             // all of this happens there
  Loop::Timer watching_;
  Loop::Timer waiting_;  // for the word
};

}  // namespace bascule
