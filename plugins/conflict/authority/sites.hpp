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

#include "bascule/policy.hpp"

namespace bascule::conflict {

struct Site {
  std::uint64_t mark = 0;
  std::int64_t heard_ms = 0;      // by the authority's clock
  bool dropped = false;           // a person waits for it no more
  std::int64_t case_number = -1;  // a person is asked whether to
};

// The sites that are known, in the host's map.
class Sites {
 public:
  explicit Sites(plugin::Step& step) : step_(step) {}

  std::optional<Site> site(std::string_view name) const;
  void put(std::string_view name, const Site& site);
  std::map<std::string, Site> all() const;

 private:
  plugin::Step& step_;
};

}  // namespace bascule::conflict
