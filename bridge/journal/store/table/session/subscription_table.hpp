// What the sessions of this bridge may be subscribed to, by client id and URL: table subscription
// of FORMAT.md. Journal's thread. Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/store/sqlite/database.hpp"

namespace bascule {

struct SubscriptionRow {
  std::uint32_t identifier = 0;
  std::uint32_t generation = 0;
  std::string filter;
  bool sure = false;  // the broker has granted it when it was asked for the first time
  bool held = true;   // and may have it still
  bool operator==(const SubscriptionRow&) const = default;
};

class SubscriptionTable {
 public:
  explicit SubscriptionTable(Database& database) : database_(database) {}

  std::vector<SubscriptionRow> load(const std::string& peer);                    // by identifier
  void save(const std::string& peer, const std::vector<SubscriptionRow>& rows);  // all of them
  // Some of them; and identifiers of which there are none any more.
  void save_some(const std::string& peer, const std::vector<SubscriptionRow>& rows,
                 const std::vector<std::uint32_t>& gone);

  // The other client ids that have, or had, a session with this URL.
  std::vector<std::string> other_clients(const std::string& client_id, const std::string& url);

 private:
  Database& database_;
};

}  // namespace bascule
