#include <stdexcept>
#include <utility>

#include "link/link.hpp"
#include "link/paho_link.hpp"
#include "link/url.hpp"

namespace bascule {

std::unique_ptr<Link> make_link(LinkSettings settings) {
  std::string why;
  auto url = parse_url(settings.url, &why);
  if (!url) throw std::invalid_argument("url: " + settings.url + ": " + why);
  if (settings.client == Client::native) {
    throw std::invalid_argument("client: native is not available in this version; use auto");
  }
  if (url->scheme == Url::Scheme::unix_socket) {
    throw std::invalid_argument(
        "url: mqtt+unix is not available with the Paho client; use mqtt://localhost");
  }
  return std::make_unique<PahoLink>(std::move(settings), std::move(*url));
}

}  // namespace bascule
