#include "journal/store/sqlite/log_mending.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "journal/store/sqlite/log_sectors.hpp"

namespace bascule {
namespace {

constexpr std::size_t header_bytes = 32, frame_header_bytes = 24, salts_bytes = 8;
constexpr std::size_t header_summed = 24, frame_summed = 8;  // before the salts and the checksum
constexpr std::size_t header_salts = 16;
constexpr std::uint32_t magic = 0x377f0682;  // its lowest bit: summed as big-endian

std::uint32_t big(const char* at) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}

struct Sum {
  std::uint32_t s0 = 0, s1 = 0;
  bool operator==(const Sum&) const = default;
};

using SumText = std::array<char, 8>;

Sum sum_at(const char* at) { return {big(at), big(at + 4)}; }

SumText text_of(Sum sum) {
  SumText text{};
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<char>((i < 4 ? sum.s0 : sum.s1) >> (24 - 8 * (i % 4)));
  }
  return text;
}

// What is summed of the log's header, or of a frame: pairs of words, in one piece or two.
struct Summed {
  char* first = nullptr;
  std::size_t first_bytes = 0;
  char* second = nullptr;
  std::size_t second_bytes = 0;
  bool little = false;

  std::size_t words() const { return (first_bytes + second_bytes) / 4; }
  char* word_at(std::size_t index) const {
    const std::size_t at = index * 4;
    return at < first_bytes ? first + at : second + (at - first_bytes);
  }
  std::uint32_t word(std::size_t index) const {
    const std::uint32_t value = big(word_at(index));
    return little ? __builtin_bswap32(value) : value;
  }
  void flip(std::size_t index, int bit) const {
    char* byte = word_at(index) + (little ? bit / 8 : 3 - bit / 8);
    *byte = static_cast<char>(*byte ^ (1 << (bit % 8)));
  }
};

Sum sum_of(const Summed& summed, Sum sum) {
  for (std::size_t i = 0; i < summed.words(); i += 2) {
    sum.s0 += summed.word(i) + sum.s1;
    sum.s1 += summed.word(i + 1) + sum.s0;
  }
  return sum;
}

struct Flip {
  std::size_t word = 0;
  int bit = 0;
};

// Each bit that would make the sum what it should be. Behind a pair of words (a, b) a change (x, y)
// of the sums becomes (x + y, x + 2y); one of a itself begins as (1, 1) times what the bit is
// worth, one of b as (0, 1).
std::vector<Flip> flips_to(const Summed& summed, Sum is, Sum should) {
  std::vector<Flip> flips;
  const Sum wanted{should.s0 - is.s0, should.s1 - is.s1};
  std::array<Sum, 2> changes{Sum{1, 1}, Sum{0, 1}};
  for (std::size_t pair = summed.words(); pair >= 2; pair -= 2) {
    for (std::size_t which = 0; which < changes.size(); ++which) {
      const std::size_t word = pair - 2 + which;
      for (int bit = 0; bit < 32; ++bit) {
        const std::uint32_t worth = std::uint32_t{1} << bit;
        const std::uint32_t by = (summed.word(word) & worth) != 0 ? 0 - worth : worth;
        if (Sum{by * changes[which].s0, by * changes[which].s1} == wanted) {
          flips.push_back({word, bit});
        }
      }
    }
    for (Sum& change : changes) change = {change.s0 + change.s1, change.s0 + 2 * change.s1};
  }
  return flips;
}

bool one_bit_apart(const char* one, const char* other, std::size_t bytes) {
  int bits = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    bits += std::popcount(static_cast<unsigned char>(one[i] ^ other[i]));
  }
  return bits == 1;
}

class Log {
 public:
  explicit Log(std::string& bytes) : bytes_(bytes) {}

  // Which way it is summed is the lowest bit of its first word, which may be the one.
  LogMending mend() {
    if (bytes_.size() >= header_bytes && (mend_header(true) || mend_header(false))) mend_frames();
    return mending_;
  }

 private:
  char* at(std::size_t place) { return bytes_.data() + place; }
  std::size_t frame_bytes() const { return frame_header_bytes + page_bytes_; }

  // False: it is no log, or its header is beyond mending. Then it is as it was.
  bool mend_header(bool little) {
    const std::string was = bytes_.substr(0, header_bytes);
    little_ = little;
    page_bytes_ = big(at(8));
    const Summed header{at(0), header_summed, nullptr, 0, little};
    const bool sound = mend_sum(header, {}, at(header_summed), header_bytes, false);
    page_bytes_ = big(at(8));
    if (sound && big(at(0)) == (little ? magic : magic | 1) && knows_page()) {
      told_ = anew_ = sum_at(at(header_summed));
      return true;
    }
    bytes_.replace(0, header_bytes, was);
    mending_ = {};
    return false;
  }

  // Mends the frames in their order, up to one that cannot be.
  void mend_frames() {
    std::size_t place = header_bytes;
    while (place + frame_bytes() <= bytes_.size() && mend_frame(place)) place += frame_bytes();
    mending_.lost_commits = whole_commits_behind(place);
  }

  bool mend_frame(std::size_t place) {
    char* const stored = at(place + frame_summed + salts_bytes);
    const Summed frame = summed(place);
    if (!has_salts(place)) {
      // A frame of before the log began anew is no damage, and does not continue the sum.
      if (sum_of(frame, told_) != sum_at(stored)) return false;
      char* const salts = at(place + frame_summed);
      if (!one_bit_apart(salts, at(header_salts), salts_bytes)) return false;
      std::memcpy(salts, at(header_salts), salts_bytes);
      ++mending_.bits;
    } else if (!mend_sum(frame, told_, stored, place + frame_bytes(), true)) {
      return false;
    }
    told_ = sum_at(stored);
    // Behind a bit that was left all sums are others.
    anew_ = mending_.left == 0 ? told_ : sum_of(frame, anew_);
    const SumText text = text_of(anew_);
    std::memcpy(stored, text.data(), text.size());
    return true;
  }

  // Makes the stored sum and what it is of fit each other, if it is one bit. `leave`: or leaves one
  // that may be one of several. The frame at `next`, if there is one, goes on with the right sum:
  // a bit of the last words changes one bit of the sum, too.
  bool mend_sum(const Summed& summed, Sum before, char* stored, std::size_t next, bool leave) {
    const Sum is = sum_of(summed, before);
    if (is == sum_at(stored)) return true;
    const SumText text = text_of(is);
    if (!follows(next, sum_at(stored)) && one_bit_apart(stored, text.data(), text.size())) {
      std::memcpy(stored, text.data(), text.size());
      ++(follows(next, is) ? mending_.bits : mending_.left);
      return true;
    }
    const std::vector<Flip> flips = flips_to(summed, is, sum_at(stored));
    if (flips.size() == 1) {
      summed.flip(flips[0].word, flips[0].bit);
      ++mending_.bits;
      return true;
    }
    if (flips.empty() || !leave) return false;
    ++mending_.left;
    return true;
  }

  bool knows_page() const {
    return page_bytes_ >= 512 && page_bytes_ <= 65'536 && std::has_single_bit(page_bytes_);
  }
  bool follows(std::size_t place, Sum before) {
    if (!knows_page() || place + frame_bytes() > bytes_.size() || !has_salts(place)) return false;
    return sum_of(summed(place), before) == sum_at(at(place + frame_summed + salts_bytes));
  }

  Summed summed(std::size_t place) {
    return {at(place), frame_summed, at(place + frame_header_bytes), page_bytes_, little_};
  }
  bool has_salts(std::size_t place) {
    return std::memcmp(at(place + frame_summed), at(header_salts), salts_bytes) == 0;
  }

  // Each frame's sum begins with the stored one of the frame before it. A commit is synced before
  // the next is written: one that is whole says that all before it were. The newest that is torn
  // was never told of.
  std::uint64_t whole_commits_behind(std::size_t place) {
    std::uint64_t commits = 0;
    while (place + 2 * frame_bytes() <= bytes_.size()) {
      const Sum before = sum_at(at(place + frame_summed + salts_bytes));
      place += frame_bytes();
      if (big(at(place + 4)) != 0 && follows(place, before)) ++commits;
    }
    return commits;
  }

  std::string& bytes_;
  std::size_t page_bytes_ = 0;
  bool little_ = true;
  Sum told_;  // of the last frame, as the log had it
  Sum anew_;  // and as it is now
  LogMending mending_;
};

// What SQLite sees of the file, and the other way round.
std::string unpacked(const std::string& file) {
  std::string log(log_sectors::log_length(file.size()), '\0');
  for (std::size_t at = 0; at < log.size();) {
    const log_sectors::Piece piece = log_sectors::piece(at, log.size() - at);
    if (!piece.reserved) log.replace(at, piece.length, file, piece.place, piece.length);
    at += piece.length;
  }
  return log;
}

void pack(const std::string& log, std::string& file) {
  for (std::size_t at = 0; at < log.size();) {
    const log_sectors::Piece piece = log_sectors::piece(at, log.size() - at);
    if (!piece.reserved) file.replace(piece.place, piece.length, log, at, piece.length);
    at += piece.length;
  }
}

// In the place of the other at once, or not at all.
void replace(const std::string& path, const std::string& bytes) {
  const std::string beside = path + ".mended";
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::size_t written = 0;
  bool done = file >= 0;
  while (done && written < bytes.size()) {
    const auto count = ::write(file, bytes.data() + written, bytes.size() - written);
    done = count > 0 || (count < 0 && errno == EINTR);
    if (count > 0) written += static_cast<std::size_t>(count);
  }
  done = done && ::fsync(file) == 0;
  const std::error_code error(errno, std::generic_category());
  if (file >= 0) ::close(file);
  if (!done) {
    ::unlink(beside.c_str());
    throw std::system_error(error, "cannot write " + beside);
  }
  std::filesystem::rename(beside, path);
}

}  // namespace

LogMending mend_log(const std::string& path, bool sectors) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream read;
  if (!in || !(read << in.rdbuf())) return {};
  std::string file = std::move(read).str();
  std::string log = sectors ? unpacked(file) : file;
  const LogMending mending = Log(log).mend();
  if (mending.bits + mending.left > 0) {
    sectors ? pack(log, file) : file.swap(log);
    replace(path, file);
  }
  return mending;
}

}  // namespace bascule
