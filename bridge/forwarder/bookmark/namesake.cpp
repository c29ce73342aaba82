#include "forwarder/bookmark/namesake.hpp"

#include <spdlog/spdlog.h>

namespace bascule {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

}  // namespace

void Namesake::seen(const std::string& epoch, const std::string& broker, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  text_ = "another bridge has the id " + bridge_id_ + " (epoch " + epoch +
          "): two with one id write over each other's bookmark, and each sends again what has "
          "crossed; give one of them another bridge.id, or end it if it is an old copy";
  seen_ms_ = now_ms;
  if (told_ms_ >= 0 && now_ms - told_ms_ < hour_ms) return;
  told_ms_ = now_ms;
  spdlog::warn("{}: {}", broker, text_);
}

void Namesake::learn(const std::string& epoch, bool foreign, const std::string& broker,
                     std::int64_t now_ms) {
  if (epoch.empty()) return;
  if (foreign) return seen(epoch, broker, now_ms);
  const std::lock_guard lock(mutex_);
  text_.clear();
}

std::string Namesake::text(std::int64_t now_ms) const {
  const std::lock_guard lock(mutex_);
  return now_ms - seen_ms_ < 24 * hour_ms ? text_ : std::string();
}

}  // namespace bascule
