#include "crossing/same_broker.hpp"

#include <spdlog/spdlog.h>

#include <cstdint>
#include <random>

#include "message/filter_tree.hpp"
#include "route/pattern.hpp"

namespace bascule {
namespace {

std::string draw_word() {
  std::random_device random;
  return std::to_string((std::uint64_t{random()} << 32) | random());
}

}  // namespace

bool goes_round(const std::vector<Route>& routes, std::string_view bridge_id) {
  FilterTree filters;
  for (const Route& route : routes) filters.add(to_filter(route.from, bridge_id), 0);
  FilterTree::Numbers found;
  for (const Route& route : routes) {
    if (!route.policy.empty()) continue;
    filters.overlapping(to_filter(route.to.empty() ? route.from : route.to, bridge_id), found);
    if (!found.empty()) return true;
  }
  return false;
}

SameBroker::SameBroker(Crossing& site, Crossing& central, const std::vector<Route>& routes,
                       std::string_view bridge_id)
    : site_(site),
      central_(central),
      goes_round_(goes_round(routes, bridge_id)),
      word_(draw_word()) {
  site.on_settled = [this] { settled(site_settled_); };
  central.on_settled = [this] { settled(central_settled_); };
  central.on_word = [this](const std::string& word) { heard(word); };
}

void SameBroker::settled(std::atomic<bool>& which) {
  which = true;
  if (site_settled_ && central_settled_) site_.say(Direction::up, word_);
}

void SameBroker::heard(const std::string& word) {
  if (word != word_) return;
  const bool told = proven_.exchange(true);
  if (!goes_round_) {
    if (!told) spdlog::warn("site and central are the same broker");
    return;
  }
  const std::string why =
      "site and central are the same broker, where a route takes what a route sends: nothing is "
      "forwarded any more; name two brokers, or topics that do not meet, and start again";
  if (!told) spdlog::error("{}", why);
  site_.halt(why);
  central_.halt(why);
}

}  // namespace bascule
