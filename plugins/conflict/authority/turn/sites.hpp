// What the sites have acknowledged. The authority's records carry a mark: the number of an entry of
// the history, up to which all has been sent. A site gives back the last mark that had come to it
// when an edit was made, or now and then by itself; so the authority knows what the site's next
// edits have seen, and what it may forget (trim.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/policy.hpp"

namespace bascule::conflict {

struct Site {
  std::uint64_t mark = 0;
  std::int64_t heard_ms = 0;      // by the authority's clock
  bool dropped = false;           // a person waits for it no more
  std::int64_t case_number = -1;  // a person is asked whether to
  // All that was edited there up to this time has come; by the centre's clock (reports.hpp).
  std::int64_t reported_ms = 0;
  std::int64_t asked_ms = 0;  // when it was asked to say so; 0: it has answered
};

// The sites that are known, in the host's map.
class Sites {
 public:
  explicit Sites(plugin::Step& step) : step_(step) {}

  std::optional<Site> site(std::string_view name) const;
  void put(std::string_view name, const Site& site);
  std::map<std::string, Site> all() const;
  // Those that nobody has dropped, and those that are named, also if nothing has come from them
  // yet.
  std::map<std::string, Site> counted(const std::vector<std::string>& named, std::int64_t now_ms);

 private:
  plugin::Step& step_;
};

}  // namespace bascule::conflict
