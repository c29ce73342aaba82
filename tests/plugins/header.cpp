// Both headers alone.
#include <bascule/policy.hpp>

struct Nothing {
  explicit Nothing(const bascule::plugin::Options&) {}
  void decide(bascule::plugin::Step&, const bascule::plugin::Input&) {}
};

BASCULE_POLICY(Nothing, "nothing", "1", "decides nothing")
