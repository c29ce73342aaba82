// The session that the bridge has at a broker under an earlier client id. Once the file names
// another one, nobody would ever come for what that session holds. So it is drained first, under
// its own name: it works as any crossing does until all that had been queued has come; then the
// session of the present client id is made, and what came until then is waited for; then the former
// one is ended at the broker, and the present crossing starts. What comes between making the one
// and ending the other comes twice; nothing is lost.
//
// Where somebody else uses the former client id by now, the broker says that the session was taken
// over: it is left to him. Made and destroyed on the main thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
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
  void drained();
  void end();
  void ended();
  void watch();
  void go_on();

  LinkSettings settings_;  // of now
  std::string client_id_;  // the former one
  Journal& journal_;
  Crossing& present_;
  Crossing crossing_;
  std::unique_ptr<Link> making_;  // the present session; null: not yet
  std::unique_ptr<Link> ending_;  // the former one; likewise
  std::function<void()> done_;    // null: it was called
  bool working_ = true;           // the crossing is
  bool stopped_ = false;          // main thread
  Loop loop_;                     // all of this happens there
  Loop::Timer watching_;
};

}  // namespace bascule
