// What lost (R38): values that an edit wrote and that do not stand, because of one that its author
// had not seen, a rule, or a person; by the entry of the history that has them. In the host's map,
// under `z`; it goes when the entry does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/policy.hpp"

namespace bascule::conflict {

struct Loss {
  std::string unit;  // "*": all of the op
  std::string why;   // the verdict's reason, or the rule
  std::string to;    // the op that stands instead; empty: none
  std::int64_t at_ms = 0;
};

std::string encode(const std::vector<Loss>& losses);
std::vector<Loss> decode_losses(std::string_view bytes);

class Losses {
 public:
  explicit Losses(plugin::Step& step) : step_(step) {}

  std::vector<Loss> find(std::uint64_t number) const;
  // Empty: nothing of it has lost any more.
  void put(std::uint64_t number, const std::vector<Loss>& losses);
  // One more; of a unit that has lost already the first counts.
  void add(std::uint64_t number, Loss loss);

 private:
  plugin::Step& step_;
};

}  // namespace bascule::conflict
