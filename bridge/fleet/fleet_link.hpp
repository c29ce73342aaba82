// A hub's ear for its sites: a connection of its own to the hub's broker, without a session, so
// that whatever is said there costs the crossing nothing. What is retained comes at each connect.
//
// Made, started and stopped on the main thread; report() on any.
#pragma once

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "fleet/fleet.hpp"
#include "fold.hpp"
#include "journal/journal.hpp"
#include "link/link.hpp"

namespace bascule {

class FleetLink {
 public:
  // `settings` are those of the hub's link. What is known of the sites is kept in the journal,
  // which outlives this and has not been started. Throws std::exception with one sentence if no
  // link can be made.
  FleetLink(const std::string& bridge_id, LinkSettings settings, Journal& journal);

  void start();
  void stop();

  // As Fleet::report(), with "state" of the connection and "why" it is not as it should be (null).
  nlohmann::json report() const;

 private:
  void hear(std::span<const Delivery> deliveries);
  void answered(const SubscriptionStatus& status);

  mutable std::mutex mutex_;
  Fleet fleet_;                 // guarded by mutex_, as the next
  std::string denied_;          // what the broker does not let it hear, and why; empty: nothing
  Fold refused_;                // the link's reading thread
  std::unique_ptr<Link> link_;  // the last to be made and the first to go
};

}  // namespace bascule
