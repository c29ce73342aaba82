// The URL of a broker, as the configuration and the links read it.
#include "config/url.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>

#include "claim.hpp"

using namespace bascule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const auto url = parse_broker_url(text);
    CLAIM(url.scheme == "mqtt+unix" || (!url.host.empty() && url.port != 0));
  } catch (const std::invalid_argument& error) {
    CLAIM(!std::string(error.what()).empty());
  }
  return 0;
}
