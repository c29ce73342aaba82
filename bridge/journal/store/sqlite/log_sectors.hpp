// Where the bytes of SQLite's log lie in a file in which each page of the log has a sector to
// itself. SQLite writes a header of 32 bytes and then frames: 24 bytes of a header, 4,096 of a
// page. So each lies across two sectors, and shares both with others. A torn write takes all of its
// sector with it; so what is committed has to end with a sector, which SQLite fills by writing the
// last frame again.
//
// Here the database keeps the last 24 bytes of each page free (SQLite's reserved bytes, always
// zero), and the header of a frame is put there: frame N is the sector N + 1, and the log's header
// is at the beginning of the first. Pure.
#pragma once

#include <algorithm>
#include <cstddef>

namespace bascule::log_sectors {

inline constexpr std::size_t sector_bytes = 4'096;
inline constexpr std::size_t log_header_bytes = 32;
inline constexpr std::size_t frame_header_bytes = 24;
inline constexpr std::size_t frame_bytes = frame_header_bytes + sector_bytes;
inline constexpr std::size_t kept_bytes = sector_bytes - frame_header_bytes;  // of a page

// The first bytes of `length` at `at` of the log, as many as lie together.
struct Piece {
  std::size_t length = 0;
  std::size_t place = 0;  // in the file
  bool reserved = false;  // in no place: zeros, the end of a page
};

inline Piece piece(std::size_t at, std::size_t length) {
  if (at < log_header_bytes) return {std::min(length, log_header_bytes - at), at};
  const std::size_t sector = ((at - log_header_bytes) / frame_bytes + 1) * sector_bytes;
  const std::size_t in_frame = (at - log_header_bytes) % frame_bytes;
  if (in_frame < frame_header_bytes) {
    return {std::min(length, frame_header_bytes - in_frame), sector + kept_bytes + in_frame};
  }
  const std::size_t in_page = in_frame - frame_header_bytes;
  if (in_page >= kept_bytes) return {std::min(length, sector_bytes - in_page), 0, true};
  return {std::min(length, kept_bytes - in_page), sector + in_page};
}

// How many whole frames begin at `at`.
inline std::size_t whole_frames(std::size_t at, std::size_t length) {
  const bool begins = at >= log_header_bytes && (at - log_header_bytes) % frame_bytes == 0;
  return begins ? length / frame_bytes : 0;
}

// The log's length, by that of the file; and the other way round.
inline std::size_t log_length(std::size_t file) {
  if (file < sector_bytes) return std::min(file, log_header_bytes);
  return log_header_bytes + (file / sector_bytes - 1) * frame_bytes;
}
inline std::size_t file_length(std::size_t log) {
  if (log <= log_header_bytes) return log;
  return ((log - log_header_bytes) / frame_bytes + 1) * sector_bytes;
}

}  // namespace bascule::log_sectors
