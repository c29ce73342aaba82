// The record as people at a site see it: confirmed, or with the site's own edits on top (R42).
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conflict/site/state.hpp"

namespace bascule::conflict {

struct Shown {
  Fields fields;
  bool live = false;
};

Shown show(const Options& options, const Confirmed& confirmed, const std::vector<Pending>& pending);

// Confirmed, with one edit on top.
Shown with_one(const Confirmed& confirmed, const Pending& one);

// As JSON, sorted; of one part unless that is empty. Empty: there is nothing to show.
std::string render(const Shown& shown, std::string_view part);

// What an edit adds to the sums that its author saw.
std::map<std::string, std::int64_t, std::less<>> deltas_of(const Options& options,
                                                           const Shown& shown, const Op& op);

}  // namespace bascule::conflict
