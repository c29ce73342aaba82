// Bits that have changed in SQLite's write-ahead log while nobody had it open. SQLite takes the
// first frame whose checksum fails for the end of the log, and gives up all commits behind it
// without a word. But the checksum of the log is a sum: what one bit adds to it says which bit it
// was, and that one is put back. https://www.sqlite.org/fileformat2.html#walformat
#pragma once

#include <cstdint>
#include <string>

namespace bascule {

struct LogMending {
  std::uint64_t bits = 0;  // that were put back
  // Bits of pages that may be one of several: the highest ones of a word, whose sums are alike.
  // They stay as they are, as one does that changes in the database, and the checksums are made
  // anew.
  std::uint64_t left = 0;
  std::uint64_t lost_commits = 0;  // that are whole, behind damage that could not be mended

  bool any() const { return bits + left + lost_commits > 0; }
};

// Before SQLite opens the database, by who has it for itself. `sectors`: the log lies as
// log_sectors.hpp says. What a power cut left of the newest commit is no damage. A log that is not
// there, or cannot be read, is left to SQLite. Throws std::system_error where it cannot be written;
// it is as it was then.
LogMending mend_log(const std::string& path, bool sectors);

}  // namespace bascule
