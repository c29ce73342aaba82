#include "control/http/access.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "clock.hpp"
#include "text/address.hpp"

namespace bascule {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string in_url(const std::string& address) {
  return address.find(':') == address.npos ? address : '[' + address + ']';
}

}  // namespace

Access::Access(const HttpSettings& settings)
    : scheme_(settings.cert_file.empty() ? "http://" : "https://"), tokens_(settings.token_file) {
  const std::string port = ':' + std::to_string(settings.port);
  const bool any = is_any_address(settings.address);
  if (!any) hosts_.push_back(in_url(settings.address) + port);
  if (any || is_loopback(settings.address)) {
    for (const char* name : {"localhost", "127.0.0.1", "[::1]"}) hosts_.push_back(name + port);
  }
  for (const std::string& host : settings.hosts) hosts_.push_back(lower(host));
}

std::optional<Denial> Access::judge(const RequestHead& head, Holder& holder) {
  const std::string host = lower(head.host);
  if (std::ranges::find(hosts_, host) == hosts_.end()) {
    return Denial{421,
                  "this Host is no name of this bridge; add it, with its port, to control.hosts"};
  }
  if (head.page) return std::nullopt;
  if (!head.origin.empty() && lower(head.origin) != scheme_ + host) {
    return Denial{403, "a page of another origin may not ask here"};
  }
  if (!head.fetch_site.empty() && head.fetch_site != "same-origin" && head.fetch_site != "none") {
    return Denial{403, "a page of another site may not ask here"};
  }
  constexpr std::string_view bearer = "bearer ";
  if (head.authorization.empty() || !lower(head.authorization).starts_with(bearer)) {
    return Denial{401, "show a token of control.token_file: Authorization: Bearer TOKEN"};
  }
  std::optional<Holder> found;
  try {
    found = tokens_.holder_of(std::string_view(head.authorization).substr(bearer.size()));
  } catch (const std::runtime_error& wrong) {
    if (unusable_.add(boottime_ms()) > 0) {
      spdlog::warn("control: {}; until it is mended nobody may ask over HTTP", wrong.what());
    }
    return Denial{503, "the bridge cannot use its token file; its log says why"};
  }
  if (!found) return Denial{401, "this token is not in control.token_file"};
  if (head.method != "GET" && found->role != Role::change) {
    return Denial{403,
                  "the token of " + found->name + " may look; to change takes one that may change"};
  }
  holder = *std::move(found);
  return std::nullopt;
}

std::optional<Denial> Access::denial(const RequestHead& head, Holder& holder) {
  auto denial = judge(head, holder);
  if (!denial || denial->status == 503) return denial;
  if (const std::uint64_t count = refused_.add(boottime_ms()); count > 0) {
    spdlog::warn("control: {} requests over HTTP were refused, the last from {} ({}: {})", count,
                 head.peer, denial->status, denial->why);
  }
  return denial;
}

}  // namespace bascule
