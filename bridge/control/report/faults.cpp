#include "control/report/faults.hpp"

#include <string>

#include "text/time.hpp"
#include "text/units.hpp"

namespace bascule {

using nlohmann::json;

namespace {

// What followed from the last time that a broker forgot, for the middle of a sentence.
const char* consequence(Evidence evidence) {
  switch (evidence) {
    case Evidence::none:
      break;
    case Evidence::session_gone:
      return " (as the session was gone, all that had crossed counted as lost)";
    case Evidence::bookmark:
      return " (what had crossed after the bookmark that it has counted as lost)";
    case Evidence::session_there:
      return " (as the session was there, nothing counted as lost)";
    case Evidence::still_online:
      return " (what had crossed after its bookmark counted as lost)";
  }
  return "";
}

std::string times(std::uint64_t count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

std::string forgotten_advice(const Forgotten& forgotten) {
  const std::string last =
      ", last at " + utc_text(forgotten.last_ms) + consequence(forgotten.evidence);
  std::string silent;
  if (forgotten.silent_ends > 0) {
    silent = times(forgotten.silent_ends) +
             " it did not note that the bridge was gone: it crashed, or the line was half-open";
  }
  if (forgotten.sessions + forgotten.bookmarks == 0) {
    return "this broker may have forgotten: " + silent + last +
           "; if it crashed, make it save more often (mosquitto: autosave_interval)";
  }
  std::string lost;
  if (forgotten.sessions > 0) lost = "this bridge's session " + times(forgotten.sessions);
  if (forgotten.bookmarks > 0) {
    lost += (lost.empty() ? "this bridge's bookmark " : " and its bookmark ") +
            times(forgotten.bookmarks);
  }
  return "this broker forgets: it lost " + lost + (silent.empty() ? "" : ", and " + silent) + last +
         "; make it keep sessions and retained messages over a restart (mosquitto: "
         "persistence true), or say in each lane's resend what it is sent again" +
         (forgotten.sessions == 0
              ? ""
              : "; whoever receives there may have lost his session, too: 'settle' makes the "
                "bridge wait for him");
}

std::string damage_advice(const LogDamage& damage) {
  const std::string last = "; last at " + utc_text(damage.last_ms) + "; replace the medium";
  if (damage.lost_commits > 0) {
    return "acknowledged messages are gone: the medium damaged the journal's log, and " +
           std::to_string(damage.lost_commits) +
           " commits or more are lost. The log as it was is beside the journal, as "
           "journal.db-log.damaged-…" +
           last;
  }
  return "the medium changed bits of the journal's log: " + std::to_string(damage.bits) +
         " were put back, " + std::to_string(damage.left) +
         " stay in their page, no commit is lost" + last;
}

}  // namespace

json forgotten_report(const Forgotten& forgotten) {
  if (forgotten.last_ms == 0) return {};
  return {{"sessions", forgotten.sessions},
          {"bookmarks", forgotten.bookmarks},
          {"silent_ends", forgotten.silent_ends},
          {"last", utc_text(forgotten.last_ms)},
          {"acknowledged", forgotten.acknowledged()},
          {"evidence", forgotten.evidence == Evidence::none
                           ? json()
                           : json(word_of(evidence_words, forgotten.evidence))},
          {"advice", forgotten_advice(forgotten)}};
}

json expired_report(const Expired& expired) {
  if (expired.sessions == 0) return {};
  const double away_s = static_cast<double>(expired.away_ms) / 1'000;
  return {{"sessions", expired.sessions},
          {"last", utc_text(expired.last_ms)},
          {"expiry_s", expired.expiry_s},
          {"away_s", away_s},
          {"acknowledged", expired.acknowledged()},
          {"advice", "this bridge's session there ended by its expiry of " +
                         span_text(expired.expiry_s) + " " + times(expired.sessions) +
                         ", last at " + utc_text(expired.last_ms) + ", after " + span_text(away_s) +
                         " without a connection. What that broker had queued for the bridge since "
                         "then is gone; what had crossed before is not sent again for that. A "
                         "longer 'session_expiry' keeps more, as far as the broker grants it"}};
}

json damage_report(const LogDamage& damage) {
  if (damage.last_ms == 0) return {};
  return {{"mended_bits", damage.bits},
          {"left_bits", damage.left},
          {"lost_commits", damage.lost_commits},
          {"last", utc_text(damage.last_ms)},
          {"advice", damage_advice(damage)}};
}

json salvage_report(const json& salvaged) {
  if (salvaged.is_null()) return {};
  const std::string at = utc_text(salvaged.value("at_ms", std::int64_t{0}));
  const auto pages = salvaged.value("pages", std::uint64_t{0});
  const auto damaged = salvaged.value("damaged_pages", std::uint64_t{0});
  const std::string aside = salvaged.value("aside", "");
  return {{"pages", pages},
          {"damaged_pages", damaged},
          {"aside", aside},
          {"last", at},
          {"acknowledged", salvaged.value("acknowledged", false)},
          {"advice", "the journal was damaged, and salvaged at " + at + ": " +
                         std::to_string(damaged) + " of " + std::to_string(pages) +
                         " pages could not be read. 'bascule journal losses' has what is lost "
                         "(damaged); the damaged journal is in " +
                         aside +
                         ". Replace the medium; 'bascule acknowledge journal' ends this warning"}};
}

json moved_report(const json& moved) {
  if (moved.is_null()) return {};
  const std::string at = utc_text(moved.value("at_ms", std::int64_t{0}));
  return {{"last", at},
          {"acknowledged", moved.value("acknowledged", false)},
          {"advice", "the journal was found on another machine than before, at " + at +
                         ", and went on under a new epoch. If the other machine still runs it, "
                         "give one of the two another bridge.id; 'bascule acknowledge journal' "
                         "ends this warning"}};
}

}  // namespace bascule
