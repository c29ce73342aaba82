// Where an import begins in a lane, so that each message of the stick crosses once, and none of the
// lane is passed over. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "journal/sessions/far_knowledge.hpp"
#include "stick/contents.hpp"

namespace bascule {

struct Beginning {
  std::uint64_t from = 1;  // the first sequence that is published
  bool certain = true;     // false: only if somebody says so, and the bookmark stays as it is
  std::string why;         // not certain; for people
};

// `far`: what the bookmark of the site says at the broker where this is published.
Beginning begin_in(const StickHead& head, const StickLane& lane, const FarKnowledge& far);

// What the bookmark says of all lanes before the first message is published.
std::map<std::string, std::uint64_t, std::less<>> lanes_known(const StickHead& head,
                                                              const FarKnowledge& far);

}  // namespace bascule
