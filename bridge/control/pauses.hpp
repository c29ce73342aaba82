// What a person pauses and resumes: a link, or a lane. It is in the journal before it is done, so
// that it holds over a restart.
//
//   POST /v1/pause
//        link (site or central), or lane with direction (needed where the lane goes both ways); by;
//        for (as 2h): it resumes by itself then; for what is paused already that is counted anew
//        {"paused": [{"link", or "lane" and "direction", "since", "by", "until": null, or when it
//         resumes by itself}], "in_flight": n, which had no acknowledgement within 5 s: what of a
//         link is sent again once it is resumed}
//   POST /v1/resume
//        likewise, or all; without direction a lane is resumed in both
//        {"resumed": [likewise]}
//        Nothing, where nothing is paused.
#pragma once

#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "control/handlers.hpp"
#include "control/query/query.hpp"
#include "journal/store/table/meta_table.hpp"

namespace bascule {

// One of them, as in answers and in the status.
nlohmann::json pause_report(const Pause& pause);

// One at a time; they wait for the journal and the link, so not on the threads of these. Throw
// std::invalid_argument for what cannot be done, with what to do; and JournalTrouble.
class PauseDesk {
 public:
  explicit PauseDesk(const Stages& stages) : stages_(stages) {}

  nlohmann::json pause(const Query& query);
  nlohmann::json resume(const Query& query);
  // What was paused for a time that is over; while a command is at it, the next time.
  void resume_due();

 private:
  const Stages stages_;
  std::mutex mutex_;
};

// Before anything starts: the lanes that the journal says are paused are, and the log names these
// and the links, which are not to be started: see Crossing::start_paused().
void pause_lanes(const std::vector<Pause>& pauses, const Journal& journal, Crossing& site,
                 Crossing* central);

}  // namespace bascule
