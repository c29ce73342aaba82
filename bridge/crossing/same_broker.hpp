// Whether site and central turn out to be one broker, by whatever addresses. Then what a route
// sends may be what a route takes, and one message becomes thousands. The proof: a word that is
// said at the site, to the topic on which central gives the bridge its bookmark back, is heard at
// central. It is said once both links are up. Where messages could go round, both links are held
// for good then, with that reason; else it is only told.
//
// Made and destroyed on the main thread, before the crossings start and after they have stopped.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "crossing/crossing.hpp"
#include "route/route.hpp"

namespace bascule {

// Whether on one broker a route of them could take what one of them sends. Excludes and stamps are
// not considered.
bool goes_round(const std::vector<Route>& routes, std::string_view bridge_id);

class SameBroker {
 public:
  SameBroker(Crossing& site, Crossing& central, const std::vector<Route>& routes,
             std::string_view bridge_id);

 private:
  void settled(std::atomic<bool>& which);
  void heard(const std::string& word);

  Crossing& site_;
  Crossing& central_;
  const bool goes_round_;
  const std::string word_;  // nobody else's
  std::atomic<bool> site_settled_ = false, central_settled_ = false;
  std::atomic<bool> proven_ = false;
};

}  // namespace bascule
