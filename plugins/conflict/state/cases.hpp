// What the open cases are about, in the host's map; state.cpp lists the keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bascule/policy.hpp"

namespace bascule::conflict {

struct Case {
  std::string kind;
  std::string key;
  std::string op;    // the parked one, or the last that led to it
  std::string unit;  // of a field's case
};

class Cases {
 public:
  explicit Cases(plugin::Step& step) : step_(step) {}

  std::optional<Case> find(std::int64_t number) const;
  void put(std::int64_t number, const Case& it);
  void erase(std::int64_t number);

 private:
  plugin::Step& step_;
};

}  // namespace bascule::conflict
