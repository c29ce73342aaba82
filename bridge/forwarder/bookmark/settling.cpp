#include "forwarder/bookmark/settling.hpp"

#include <spdlog/spdlog.h>

namespace bascule {

bool Settling::waits(bool forgotten, const std::string& broker) {
  if (waited_ || !forgotten) return false;
  waited_ = true;
  const bool wait = longest_.count() > 0;
  spdlog::warn(
      "{}: the broker has forgotten our session or what it had accepted, and perhaps the sessions "
      "of who receives there; {}",
      broker,
      wait
          ? "sending waits for them, " + std::to_string(longest_.count() / 1'000) + " s at the most"
          : "what is sent before they are back reaches nobody; 'settle' makes the bridge wait");
  if (!wait) return false;
  timer_ = loop_.after(longest_, [this] { ready(); });
  return true;
}

void Settling::ready() {
  if (timer_ == nullptr) return;
  timer_.reset();
  done_();
}

}  // namespace bascule
