// The plugin's one symbol.
#include "transform/options/options.hpp"
#include "transform/turn/turn.hpp"

namespace bascule::transform {

class Transform {
 public:
  explicit Transform(const plugin::Options& raw) : options_(read_options(raw)) {}

  void decide(plugin::Step& step, const plugin::Input& input) const {
    Turn(options_, step, input).run();
  }

  void ask(plugin::Step& step, std::string_view what, std::string_view) const {
    answer(step, what);
  }

 private:
  Options options_;
};

}  // namespace bascule::transform

BASCULE_POLICY(bascule::transform::Transform, "transform", BASCULE_VERSION,
               "makes payloads into what others understand, and fewer of them")
