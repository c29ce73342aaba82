#include "conflict/site.hpp"

namespace bascule::conflict {

void decide_at_site(const Options&, plugin::Step&, const plugin::Input&) {}

}  // namespace bascule::conflict
