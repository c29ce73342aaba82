// What a changed file is to a bridge that runs: whether it can be taken over, and what of it is
// new.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/difference.hpp"
#include "journal/journal.hpp"
#include "text/words.hpp"

namespace bascule {

struct Reload {
  // How it is taken over: there is nothing new; the log alone is; or anything else, and all stages
  // are ended in their order and made anew, around the connections that can stay.
  enum class How : std::uint8_t { nothing, log, stages } how = How::nothing;
  std::optional<BridgeConfig> config;  // nothing: it cannot be used
  FileValues values;                   // of that file
  std::vector<Difference> changes;
  std::vector<std::string> problems;  // of the file, each with its place
  std::vector<std::string> kept;      // links of which nothing is new, if there is something
  std::string refused;                // why it cannot be taken over; empty: it can
};
inline constexpr Word<Reload::How> reload_words[] = {
    {"nothing", Reload::How::nothing}, {"log", Reload::How::log}, {"stages", Reload::How::stages}};

// Reads the file that a bridge runs with again. Changes nothing; waits for the journal.
Reload plan_reload(const BridgeConfig& runs_with, const FileValues& values, Journal& journal,
                   bool accept_losses);

// As daemon.hpp says; `applied` and what comes of it are added there.
nlohmann::json reload_report(const Reload& reload);

}  // namespace bascule
