// What an IP address in its text form is. Pure.
#pragma once

#include <string_view>

namespace bascule {

// Of this machine alone.
inline bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1";
}

// Where a listener has this, it has all addresses of the machine.
inline bool is_any_address(std::string_view address) {
  return address == "0.0.0.0" || address == "::";
}

}  // namespace bascule
