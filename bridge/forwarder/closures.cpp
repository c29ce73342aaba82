#include "forwarder/closures.hpp"

#include <vector>

#include "forwarder/handshakes.hpp"

namespace bascule {

void Closures::connected(std::int64_t now_ms) {
  own_.connected(now_ms);
  suspicion_.connected(now_ms);
  closed_ = closed_over_lanes_ = false;
}

bool Closures::lost(std::span<const Outcome> outcomes, std::optional<std::uint64_t> tried,
                    std::int64_t now_ms) {
  std::vector<std::uint64_t> lost;
  bool alone = true;
  int own_lost = 0;
  for (const Outcome& outcome : outcomes) {
    if (outcome.kind != Outcome::Kind::lost || outcome.reason == 0) continue;
    closed_ = true;
    if (outcome.tag == Handshakes::clearing_tag || outcome.tag == tried) continue;
    if (outcome.tag != OwnMessages::tag) lost.push_back(outcome.tag);
    if (outcome.tag == OwnMessages::tag) ++own_lost;
    alone = alone && outcome.tag != OwnMessages::tag;
  }
  if (own_lost > 0 && lost.empty()) own_.suspect(names_.prefix(), now_ms);
  closed_over_lanes_ = closed_over_lanes_ || !lost.empty();
  const bool careful = suspicion_.careful();
  suspicion_.closed(lost, alone && lost.size() == 1, now_ms);
  return suspicion_.careful() && !careful;
}

void Closures::disconnected(std::int64_t now_ms) {
  suspicion_.disconnected(closed_);
  own_.disconnected(closed_over_lanes_, now_ms);
}

bool Closures::condemn(std::uint64_t tag, std::string_view topic, bool tried,
                       std::int64_t now_ms) const {
  if (suspicion_.condemned(tag)) return true;
  return own_.given_up(now_ms) && !tried && names_.has(topic);
}

}  // namespace bascule
