#include "conflict/state/counters.hpp"

namespace bascule::conflict {

const Counts& Counters::get() const {
  if (counts_) return *counts_;
  counts_.emplace();
  if (const auto bytes = step_.get("ncounts")) {
    Reader in(*bytes);
    counts_->clock = read_hlc(in);
    counts_->history = counts_->before = in.number();
    counts_->queued = in.number();
    counts_->waiting = in.number();
    counts_->visited = in.number();
    counts_->told = in.number();
    counts_->trim_at_ms = static_cast<std::int64_t>(in.number());
    if (!in.done()) counts_->losers_forgotten = in.number();
  }
  return *counts_;
}

Counts& Counters::change() {
  get();
  changed_ = true;
  return *counts_;
}

void Counters::flush() {
  if (!changed_) return;
  Writer out;
  write(out, counts_->clock);
  out.number(counts_->history).number(counts_->queued).number(counts_->waiting);
  out.number(counts_->visited)
      .number(counts_->told)
      .number(static_cast<std::uint64_t>(counts_->trim_at_ms))
      .number(counts_->losers_forgotten);
  step_.put("ncounts", out.take());
  changed_ = false;
}

}  // namespace bascule::conflict
