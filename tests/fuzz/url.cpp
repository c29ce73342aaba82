// The URL of a broker, as the configuration and the links read it.
#include "link/url.hpp"

#include <cstdint>
#include <string>

#include "claim.hpp"

using namespace bascule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string why;
  const auto url = parse_url(text, &why);
  CLAIM(url || !why.empty());
  CLAIM(!url || url->scheme == Url::Scheme::unix_socket || (!url->host.empty() && url->port != 0));
  return 0;
}
