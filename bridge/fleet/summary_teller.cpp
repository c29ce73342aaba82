#include "fleet/summary_teller.hpp"

#include <utility>

#include "clock.hpp"

namespace bascule {
namespace {

constexpr std::int64_t slow_for_ms = 60'000;  // a line that was slow just now may be so again

}  // namespace

SummaryTeller::SummaryTeller(std::string topic, Journal& journal, Crossing& centre)
    : topic_(std::move(topic)), journal_(journal), centre_(centre) {}

void SummaryTeller::look(std::int64_t boottime_ms) {
  if (topic_.empty()) return;
  const LinkStatus link = centre_.status();
  const bool slow = link.state == LinkStatus::State::slow;
  const bool there = slow || link.state == LinkStatus::State::up;
  if (!there || link.reconnects != reconnects_) {
    told_.reset();  // another connection, or none: what the broker has is not known
    slow_ms_ = 0;
  }
  if (!there) return;
  reconnects_ = link.reconnects;
  if (slow) slow_ms_ = boottime_ms;
  const bool slow_lately = slow_ms_ != 0 && boottime_ms - slow_ms_ < slow_for_ms;
  const Summary summary = summary_of(journal_.glance(), slow_lately);
  if (told_ && !worth_telling(*told_, summary, boottime_ms - told_ms_)) return;
  told_ = summary;
  told_ms_ = boottime_ms;
  centre_.publish(topic_, summary_text(summary, now().wall_ms), true);
}

}  // namespace bascule
