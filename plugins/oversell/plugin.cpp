// The plugin's one symbol, and its two roles.
#include "oversell/authority/authority_turn.hpp"
#include "oversell/options/options.hpp"
#include "oversell/site/site_turn.hpp"

namespace bascule::oversell {

class Oversell {
 public:
  explicit Oversell(const plugin::Options& raw) : options_(read_options(raw)) {}

  void decide(plugin::Step& step, const plugin::Input& input) const {
    if (options_.role == Role::site) {
      SiteTurn(options_, step, input).run();
    } else {
      AuthorityTurn(options_, step, input).run();
    }
  }

 private:
  Options options_;
};

}  // namespace bascule::oversell

BASCULE_POLICY(bascule::oversell::Oversell, "oversell", BASCULE_VERSION,
               "decides what may be sold of what is scarce, cut off or not")
