// How far a lane had crossed at which time, so that history can be given up a while after it has
// crossed, however long it waited before. Not thread-safe: it has one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bascule {

class CrossingTimes {
 public:
  static constexpr std::size_t count_max = 32;

  // By `boottime_ms` of the boot `boot`, everything up to `cursor` has crossed. Kept if it is more
  // than what is known already, and `apart_ms` after that. True: it was.
  bool note(int boot, std::int64_t boottime_ms, std::uint64_t cursor, std::int64_t apart_ms);

  // Up to where everything had crossed at a time for which `long_ago(boot, boottime_ms)` is true;
  // 0: nobody knows.
  template <typename LongAgo>
  std::uint64_t crossed(const LongAgo& long_ago) const {
    std::uint64_t crossed = 0;
    for (const Note& note : notes_) {
      if (long_ago(note.boot, note.boottime_ms)) crossed = note.cursor;
    }
    return crossed;
  }

  // As FORMAT.md says. decode ignores a torn tail.
  std::string encode() const;
  static CrossingTimes decode(std::string_view bytes);

 private:
  struct Note {
    std::int64_t boottime_ms = 0;
    std::uint64_t cursor = 0;
    std::int32_t boot = 0;
  };
  std::vector<Note> notes_;  // oldest first
};

}  // namespace bascule
