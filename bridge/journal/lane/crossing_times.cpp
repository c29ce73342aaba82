#include "journal/lane/crossing_times.hpp"

#include <cstring>

namespace bascule {
namespace {

constexpr std::size_t note_bytes = 20;

}  // namespace

bool CrossingTimes::note(int boot, std::int64_t boottime_ms, std::uint64_t cursor,
                         std::int64_t apart_ms) {
  if (!notes_.empty()) {
    const Note& last = notes_.back();
    if (cursor <= last.cursor) return false;
    if (boot == last.boot && boottime_ms < last.boottime_ms + apart_ms) return false;
  } else if (cursor == 0) {
    return false;
  }
  if (notes_.size() == count_max) notes_.erase(notes_.begin());
  notes_.push_back({boottime_ms, cursor, boot});
  return true;
}

std::string CrossingTimes::encode() const {
  std::string out;
  for (const Note& note : notes_) {
    char bytes[note_bytes];
    std::memcpy(bytes, &note.cursor, 8);
    std::memcpy(bytes + 8, &note.boottime_ms, 8);
    std::memcpy(bytes + 16, &note.boot, 4);
    out.append(bytes, sizeof bytes);
  }
  return out;
}

CrossingTimes CrossingTimes::decode(std::string_view bytes) {
  CrossingTimes times;
  for (; bytes.size() >= note_bytes && times.notes_.size() < count_max;
       bytes.remove_prefix(note_bytes)) {
    Note note;
    std::memcpy(&note.cursor, bytes.data(), 8);
    std::memcpy(&note.boottime_ms, bytes.data() + 8, 8);
    std::memcpy(&note.boot, bytes.data() + 16, 4);
    times.notes_.push_back(note);
  }
  return times;
}

}  // namespace bascule
