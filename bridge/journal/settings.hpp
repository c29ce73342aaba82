// Settings of the journal.
#pragma once

#include <cstdint>
#include <string>

#include "clock.hpp"
#include "message/lane.hpp"
#include "text/words.hpp"

namespace bascule {

struct JournalSettings {
  // full: an acknowledged message survives a power cut; normal: a crash of the process.
  enum class Sync : std::uint8_t { full, normal };

  std::string data_dir = "/var/lib/bascule";
  Sync sync = Sync::full;
  // Commits wait so long for company, and with them the acknowledgements; 0: not at all.
  std::int64_t gather_ms = 0;
  std::uint64_t max_size_bytes = std::uint64_t{4} << 30;
  std::uint64_t min_free_bytes = std::uint64_t{256} << 20;  // of the file system
  WhenFull when_full = WhenFull::pause;
  std::int64_t keep_forwarded_ms = std::int64_t{24} * 3'600'000;  // history for replay
  std::uint32_t max_payload_bytes = 16 << 20;
  // What its flash can be written in its life, as the maker says; 0: not told. For people.
  std::uint64_t endurance_bytes = 0;
  std::string boot = boot_id();  // the boot that runs now; empty: it cannot be known
  bool look_only = false;        // nothing that is done to it is kept
  bool must_exist = false;       // where there is no journal, none is made
};

inline constexpr Word<JournalSettings::Sync> sync_words[] = {
    {"full", JournalSettings::Sync::full}, {"normal", JournalSettings::Sync::normal}};

}  // namespace bascule
