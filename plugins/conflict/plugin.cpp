// The one symbol of this plugin.
#include <string_view>

#include "bascule/policy.hpp"
#include "conflict/authority/authority.hpp"
#include "conflict/authority/person/ask.hpp"
#include "conflict/site/site_turn.hpp"

namespace bascule::conflict {

class Conflict {
 public:
  explicit Conflict(const plugin::Options& options) : options_(read_options(options)) {}

  void decide(plugin::Step& step, const plugin::Input& input) const {
    if (options_.role == Role::site) return decide_at_site(options_, step, input);
    decide_at_authority(options_, step, input);
  }

  void ask(plugin::Step& step, std::string_view what, std::string_view about) const {
    if (options_.role == Role::authority) return answer(options_, step, what, about);
    step.explain(
        R"({"refused": "this is a site: what lost, and the states, are at its authority"})");
  }

 private:
  Options options_;
};

}  // namespace bascule::conflict

BASCULE_POLICY(bascule::conflict::Conflict, "conflict", BASCULE_VERSION,
               "who wins when several sites edit the same record")
