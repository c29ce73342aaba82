#include "journal/salvage/pages.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "journal/store/sqlite/log_sectors.hpp"

namespace bascule {
namespace {

constexpr std::string_view magic{"SQLite format 3\0", 16};
constexpr std::uint32_t log_magic = 0x377f0682;  // its lowest bit: sums are of big-endian words
constexpr std::uint32_t looked_at = 256;

std::string unpacked(const std::string& file) {
  std::string log(log_sectors::log_length(file.size()), '\0');
  for (std::size_t at = 0; at < log.size();) {
    const log_sectors::Piece piece = log_sectors::piece(at, log.size() - at);
    if (!piece.reserved) log.replace(at, piece.length, file, piece.place, piece.length);
    at += piece.length;
  }
  return log;
}

struct Sum {
  std::uint32_t s0 = 0, s1 = 0;

  void add(std::string_view bytes, bool big) {
    const auto word = [&](std::size_t at) {
      const std::uint32_t value = big32(bytes, at);
      return big ? value : __builtin_bswap32(value);
    };
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      s0 += word(at) + s1;
      s1 += word(at + 4) + s0;
    }
  }
  bool is_at(std::string_view bytes, std::size_t at) const {
    return big32(bytes, at) == s0 && big32(bytes, at + 4) == s1;
  }
};

bool zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == bytes.npos; }

}  // namespace

std::uint32_t big16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                    static_cast<unsigned char>(bytes[at + 1]));
}
std::uint32_t big32(std::string_view bytes, std::size_t at) {
  return big16(bytes, at) << 16 | big16(bytes, at + 2);
}

Pages::Pages(const std::string& path, const std::string& log, bool sectors)
    : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), "cannot read " + path);
  struct stat info {};
  ::fstat(file_, &info);
  count_ = static_cast<std::uint32_t>((info.st_size + page_bytes - 1) / page_bytes);
  read_log(sectors ? unpacked(log) : log);
  const std::string first = read(1);
  const bool whole = first.starts_with(magic) && big16(first, 16) == page_bytes;
  // What the file has beyond is of before it became smaller, and what it lacks is lost.
  if (whole && newer_.empty() && big32(first, 24) == big32(first, 92) && big32(first, 28) > 0) {
    count_ = big32(first, 28);
  }
  if (whole) {
    usable_ = page_bytes - static_cast<unsigned char>(first[20]);
  } else {
    find_usable();
  }
}

Pages::~Pages() { ::close(file_); }

// As SQLite reads it: up to the last commit before the first frame that is wrong.
void Pages::read_log(const std::string& log) {
  using namespace log_sectors;
  if (log.size() < log_header_bytes || (big32(log, 0) & ~1U) != log_magic ||
      big32(log, 8) != page_bytes) {
    return;
  }
  const std::string_view bytes = log;
  const bool big = (big32(log, 0) & 1) != 0;
  Sum sum;
  sum.add(bytes.substr(0, 24), big);
  if (!sum.is_at(bytes, 24)) return;
  std::unordered_map<std::uint32_t, std::size_t> found;
  for (std::size_t at = log_header_bytes; at + frame_bytes <= log.size(); at += frame_bytes) {
    if (bytes.substr(at + 8, 8) != bytes.substr(16, 8)) break;
    sum.add(bytes.substr(at, 8), big);
    sum.add(bytes.substr(at + frame_header_bytes, page_bytes), big);
    if (!sum.is_at(bytes, at + 16)) break;
    found[big32(bytes, at)] = at + frame_header_bytes;
    if (const std::uint32_t pages = big32(bytes, at + 4); pages != 0) {
      newer_ = found;
      count_ = pages;
    }
  }
  log_ = log;
}

// The first page tells how much of each is reserved. Where it is gone, what pages have there does:
// rows fill a page from its end.
void Pages::find_usable() {
  std::uint32_t written = 0, free = 0;
  for (std::uint32_t number = 2; number <= std::min(count_, looked_at); ++number) {
    const std::string page = read(number);
    if (page.size() != page_bytes || zero(page)) continue;
    ++written;
    const std::size_t kept = page_bytes - log_sectors::frame_header_bytes;
    if (zero(std::string_view(page).substr(kept))) ++free;
  }
  if (free * 2 >= written) usable_ = page_bytes - log_sectors::frame_header_bytes;
}

std::string Pages::read(std::uint32_t number) const {
  if (number == 0 || number > count_) return {};
  if (const auto newer = newer_.find(number); newer != newer_.end()) {
    return log_.substr(newer->second, page_bytes);
  }
  std::string page(page_bytes, '\0');
  const auto at = static_cast<off_t>(number - 1) * static_cast<off_t>(page_bytes);
  return ::pread(file_, page.data(), page_bytes, at) == static_cast<ssize_t>(page_bytes) ? page
                                                                                         : "";
}

}  // namespace bascule
