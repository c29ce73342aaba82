#include <stdexcept>
#include <utility>
#include <vector>

#include "link/link.hpp"
#include "link/native/native_link.hpp"
#include "link/paho/beyond_paho.hpp"
#include "link/paho/paho_link.hpp"
#include "link/url.hpp"

namespace bascule {

namespace {

Url broker_url(const std::string& text) {
  std::string why;
  auto url = parse_url(text, &why);
  if (!url) throw std::invalid_argument("the url " + why);
  return *std::move(url);
}

}  // namespace

std::unique_ptr<Link> make_link(LinkSettings settings) {
  std::vector<Url> urls{broker_url(settings.url)};
  for (const auto& other : settings.other_urls) urls.push_back(broker_url(other));
  if (!settings.auth.method.empty() && settings.protocol == Protocol::v3_1_1) {
    throw std::invalid_argument(
        "auth: MQTT 3.1.1 knows no enhanced authentication; use protocol: 5");
  }
  if (settings.client == Client::paho) {
    if (const auto what = beyond_paho(settings); !what.empty()) throw std::invalid_argument(what);
    return std::make_unique<PahoLink>(std::move(settings), std::move(urls.front()));
  }
  return std::make_unique<NativeLink>(std::move(settings), std::move(urls));
}

}  // namespace bascule
