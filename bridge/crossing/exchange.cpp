#include "crossing/exchange.hpp"

#include <algorithm>
#include <utility>

namespace bascule {
namespace {

constexpr std::string_view mark = "exchange ";

std::string word(std::uint32_t generation, std::string_view what) {
  return std::string(mark) + std::to_string(generation) + ' ' + std::string(what);
}

}  // namespace

Exchange::Exchange(std::uint32_t generation)
    : both_(word(generation, "both")), over_(word(generation, "over")) {}

void Exchange::begin() { under_way_ = true; }

void Exchange::end() {
  const std::lock_guard lock(mutex_);
  under_way_ = false;
  counts_.clear();
  older_.clear();
}

void Exchange::forget() {
  end();
  const std::lock_guard lock(mutex_);
  decided_.clear();
  decided_any_ = false;
}

// At a word of an earlier exchange, too, copies of one message are on the same side.
Exchange::Heard Exchange::hear(std::string_view word) {
  if (!under_way() || !word.starts_with(mark)) return Heard::nothing;
  if (word == over_) {
    end();
    return Heard::over;
  }
  const std::lock_guard lock(mutex_);
  counts_.clear();
  older_.clear();
  return word == both_ ? Heard::both : Heard::nothing;
}

bool Exchange::repeated(std::uint32_t filter, const Receipt& receipt, bool duplicate) {
  const bool counts = under_way();
  const std::lock_guard lock(mutex_);
  const auto before = decided_.find(receipt.packet_id);
  if (before != decided_.end()) {
    // Whether what crossed is stored the journal knows.
    if (duplicate && before->second.digest == receipt.digest) return before->second.repeat;
    decided_.erase(before);
    decided_any_ = !decided_.empty();
  }
  if (!counts || filter == 0) return false;
  const bool repeat = decide(filter, receipt.digest);
  if (receipt.packet_id != 0) {
    decided_[receipt.packet_id] = {receipt.digest, repeat};
    decided_any_ = true;
  }
  return repeat;
}

bool Exchange::decide(std::uint32_t filter, std::uint32_t digest) {
  Count& of = count(digest);
  auto its = std::ranges::find(of.filters, filter, &Count::Of::filter);
  if (its == of.filters.end()) its = of.filters.insert(its, {filter, 0});
  if (++its->came <= of.crossed) return true;
  ++of.crossed;
  return false;
}

// All that is known of a content is forgotten at once.
Exchange::Count& Exchange::count(std::uint32_t digest) {
  if (const auto found = counts_.find(digest); found != counts_.end()) return found->second;
  if (counts_.size() >= remembered) older_ = std::exchange(counts_, {});
  Count& of = counts_[digest];
  if (const auto old = older_.find(digest); old != older_.end()) {
    of = std::move(old->second);
    older_.erase(old);
  }
  return of;
}

}  // namespace bascule
