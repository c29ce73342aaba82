// What `bascule doctor` says: one for each check. Values; the checks run on the main thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace bascule {

struct Finding {
  // error: the bridge cannot work so. warning: it works, and something will be missed some day.
  // skipped: not looked at, and how it would be.
  enum class Level : std::uint8_t { ok, warning, error, skipped } level = Level::ok;
  std::string where;  // "site", "central", or "here"
  std::string check;
  std::string text;  // what was found; unless it is ok, with what to change
};

// Called as soon as something is found.
using Tell = std::function<void(const Finding&)>;

}  // namespace bascule
