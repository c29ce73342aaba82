#include "link/native/transport/targets.hpp"

#include <utility>

namespace bascule {

bool Targets::follow(std::string_view reference, bool moved) {
  if (target_.scheme == Url::Scheme::unix_socket || hops_ == hops_max) return false;
  while (!reference.empty()) {
    const auto space = reference.find(' ');
    const std::string one(reference.substr(0, space));
    reference.remove_prefix(space == reference.npos ? reference.size() : space + 1);
    auto url = parse_url(std::string(to_string(target_.scheme)) + "://" + one);
    if (!url || !url->path.empty()) continue;
    url->path = target_.path;
    target_ = std::move(*url);
    sent_here_ = true;
    moved_ = moved;
    sent_on_ = true;
    ++hops_;
    return true;
  }
  return false;
}

bool Targets::ended(bool was_up) {
  if (was_up) hops_ = 0;
  if (std::exchange(sent_on_, false)) return true;
  if (was_up && moved_) return false;
  hops_ = 0;
  moved_ = false;
  const bool another = !was_up && !sent_here_;
  sent_here_ = false;
  place_ = another ? (place_ + 1) % configured_.size() : 0;
  target_ = configured_[place_];
  return place_ != 0;
}

}  // namespace bascule
