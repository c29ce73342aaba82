// A way out of a journal that is damaged: it is set aside whole, and what can be read of it goes
// into a new one in its place, which begins a new epoch when it is opened next. What is lost is in
// the loss ledger. Nothing is deleted, and a crash at any moment leaves one or the other to go on
// with. By who wants to open the journal, or by a person; the folder is locked meanwhile.
//
// While it is made, the new journal is in data_dir/salvage, and once it is whole, in
// data_dir/journal-salvaged.db. Then the damaged one moves into a folder of its own,
// data_dir/damaged-TIME, and the new one into its place. Both need the segments: copies for the
// damaged one are in data_dir/salvage-whole once they are complete, and become that folder.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "journal/journal.hpp"

namespace bascule {

struct SalvageReport {
  struct Lane {
    Direction direction = Direction::up;
    std::string name;
    std::uint64_t waiting = 0, kept = 0;  // messages that came through; kept: that have crossed
    std::vector<SequenceRange> lost;
    std::uint64_t lost_messages = 0;
    std::uint64_t open_from = 0;  // from here on more may be lost; 0: nothing is
    bool forgotten = false;       // how far it had crossed is lost: what is stored waits again
    bool nameless = false;        // where it went to is lost: nothing of it waits
  };
  std::string aside;  // the folder where the damaged journal is
  std::uint64_t pages = 0, damaged_pages = 0;
  std::map<std::string, std::uint64_t> tables;  // damaged pages by table
  std::vector<Lane> lanes;
};

// How much is done, in pages of the damaged journal.
using SalvageProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// The journal in settings.data_dir, which nobody has open. Throws JournalError; all is as it was
// then.
SalvageReport salvage(const JournalSettings& settings, const std::string& bridge_id,
                      const SalvageProgress& progress);

// One that was cut off: between its last steps it is done, and otherwise its workshop is removed.
// Throws JournalError.
void end_salvage(const JournalSettings& settings);

}  // namespace bascule
