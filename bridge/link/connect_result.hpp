// What came of an attempt to connect.
#pragma once

#include <cstdint>
#include <string>

#include "link/link.hpp"

namespace bascule {

struct ConnectResult {
  enum class Kind : std::uint8_t {
    connected,
    not_reached,  // no TCP or TLS connection, or no answer
    not_spoken,   // the broker refused this version of MQTT, or closed without a word
    refused,      // for another reason
  } kind = Kind::not_reached;
  std::string error;
  Limits limits;
  std::uint8_t code = 0;  // why the broker refused, as in MQTT 5; 0: it did not say
};

}  // namespace bascule
