#include "link/native/transport/redirects.hpp"

#include <string>
#include <utility>

namespace bascule {

bool Redirects::follow(std::string_view reference, bool moved) {
  if (configured_.scheme == Url::Scheme::unix_socket || hops_ == hops_max) return false;
  while (!reference.empty()) {
    const auto space = reference.find(' ');
    const std::string one(reference.substr(0, space));
    reference.remove_prefix(space == reference.npos ? reference.size() : space + 1);
    auto url = parse_url((configured_.tls() ? "mqtts://" : "mqtt://") + one);
    if (!url || !url->path.empty()) continue;
    target_ = std::move(*url);
    moved_ = moved;
    sent_on_ = true;
    ++hops_;
    return true;
  }
  return false;
}

bool Redirects::ended(bool was_up) {
  if (was_up) hops_ = 0;
  if (std::exchange(sent_on_, false)) return true;
  if (!was_up || !moved_) {
    target_ = configured_;
    moved_ = false;
    hops_ = 0;
  }
  return false;
}

}  // namespace bascule
