#include "fleet/summary.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "journal/books/books.hpp"
#include "text/time.hpp"

namespace bascule {
namespace {

constexpr std::int64_t urgent_apart_ms = 15'000, apart_ms = 60'000;

int digits(std::uint64_t count) {
  int digits = 0;
  for (; count > 0; count /= 10) ++digits;
  return digits;
}

}  // namespace

Summary summary_of(const JournalReport& journal, bool slow) {
  Summary summary{.slow = slow,
                  .full = journal.full || !journal.trouble.empty(),
                  .lost = journal.lost,
                  .quarantined = journal.quarantine.messages,
                  .cases = journal.cases,
                  .lost_ms = journal.lost_ms};
  for (const LaneReport& lane : journal.lanes) {
    if (lane.state.name == events_lane) continue;
    summary.backlog += lane.state.backlog();
    summary.held += lane.state.held;
    summary.oldest_s = std::max(summary.oldest_s, lane.oldest_age_ms / 1'000);
  }
  return summary;
}

std::string summary_text(const Summary& summary, std::int64_t wall_ms) {
  using nlohmann::json;
  return json{{"at", utc_text(wall_ms)},
              {"version", BASCULE_VERSION},
              {"slow", summary.slow},
              {"full", summary.full},
              {"backlog", summary.backlog},
              {"oldest_s", summary.oldest_s},
              {"held", summary.held},
              {"lost", summary.lost},
              {"lost_at", summary.lost_ms == 0 ? json() : json(utc_text(summary.lost_ms))},
              {"quarantined", summary.quarantined},
              {"cases", summary.cases}}
      .dump();
}

bool worth_telling(const Summary& told, const Summary& now, std::int64_t told_ms_ago) {
  if (told_ms_ago < urgent_apart_ms) return false;
  if (told.slow != now.slow || told.full != now.full || told.held != now.held ||
      told.lost != now.lost || told.quarantined != now.quarantined || told.cases != now.cases) {
    return true;
  }
  if (told_ms_ago < apart_ms) return false;
  return digits(told.backlog) != digits(now.backlog) ||
         digits(static_cast<std::uint64_t>(told.oldest_s)) !=
             digits(static_cast<std::uint64_t>(now.oldest_s));
}

}  // namespace bascule
