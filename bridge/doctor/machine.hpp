// The machine that the bridge runs on: its clock, its disk, who may read what, the plugins. Takes
// no lock and opens no journal, so that a bridge may run meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "doctor/finding.hpp"

namespace bascule {

// What a daemon has told, if one has.
struct JournalRates {
  std::optional<std::uint64_t> day_bytes;  // what the journal takes in a day
  std::optional<double> flash_years;       // that its flash lasts, by journal.flash
};

void check_machine(const BridgeConfig& config, const JournalRates& rates, const Tell& tell);

// The parts of it that depend on nothing but their arguments.
Finding check_clock(std::int64_t now_s, std::optional<std::int64_t> newest_file_s,
                    bool synchronized);
Finding check_sync(std::int64_t p50_us, std::int64_t p99_us, const JournalSettings& journal);
Finding check_space(std::uint64_t free_bytes, std::uint64_t min_free_bytes,
                    std::optional<std::uint64_t> day_bytes);
Finding check_secret(const std::string& key, const std::string& path);

}  // namespace bascule
