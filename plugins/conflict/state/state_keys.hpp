// How the keys of the authority's state are made; state.cpp lists them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "conflict/record/encoding.hpp"

namespace bascule::conflict {

inline std::string key_of(char kind, std::string_view rest) { return kind + std::string(rest); }
inline std::string with_nul(char kind, std::string_view text) { return key_of(kind, text) + '\0'; }
inline std::string numbered(char kind, std::uint64_t number) {
  return key_of(kind, big_endian(number));
}

}  // namespace bascule::conflict
