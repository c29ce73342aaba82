// Settings of the control interface.
#pragma once

#include <string>

namespace bascule {

struct ControlSettings {
  std::string socket = "/run/bascule/control.sock";
  std::string http;  // host:port; empty: off
};

}  // namespace bascule
