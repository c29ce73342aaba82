// How the policy writes bytes: varints, texts with their length, big-endian numbers in keys so that
// the host's order of bytes is the order of numbers. Pure; what cannot be read throws.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bascule::conflict {

class Writer {
 public:
  // `expected`: about how many bytes there will be.
  explicit Writer(std::size_t expected = 128) : bytes_(expected, '\0') {}

  Writer& number(std::uint64_t value) {
    auto* const begin = room(10);
    auto* at = begin;
    for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
    *at++ = static_cast<char>(value);
    size_ += static_cast<std::size_t>(at - begin);
    return *this;
  }
  // Zigzag: small negative numbers stay small.
  Writer& integer(std::int64_t value) {
    return number((static_cast<std::uint64_t>(value) << 1) ^ (value < 0 ? ~0ULL : 0ULL));
  }
  Writer& text(std::string_view value) { return number(value.size()).bytes(value); }
  Writer& bytes(std::string_view value) {
    std::copy(value.begin(), value.end(), room(value.size()));
    size_ += value.size();
    return *this;
  }
  std::string take() {
    bytes_.resize(size_);
    return std::move(bytes_);
  }

 private:
  // Where the next bytes go, so many at the most.
  char* room(std::size_t count) {
    if (bytes_.size() - size_ < count) bytes_.resize(2 * (size_ + count));
    return bytes_.data() + size_;
  }

  std::string bytes_;
  std::size_t size_ = 0;  // what of it has been written
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number() {
    if (!bytes_.empty() && static_cast<unsigned char>(bytes_.front()) < 0x80) {
      const auto value = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      return value;
    }
    return long_number();
  }
  std::int64_t integer() {
    const auto value = number();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  std::string_view text() { return text_of(number()); }
  // How many parts follow; there cannot be more than bytes.
  std::size_t count() {
    const auto value = number();
    if (value > bytes_.size()) throw std::runtime_error("damaged state: it ends too early");
    return value;
  }
  bool flag() { return number() != 0; }
  bool done() const { return bytes_.empty(); }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view text_of(std::uint64_t size) {
    if (size > bytes_.size()) throw std::runtime_error("damaged state: it ends too early");
    const auto value = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return value;
  }

  std::uint64_t long_number() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes_.size() && i < 10; ++i) {
      const auto byte = static_cast<unsigned char>(bytes_[i]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
      if (byte >= 0x80) continue;
      bytes_.remove_prefix(i + 1);
      return value;
    }
    throw std::runtime_error("damaged state: a number without end");
  }

  std::string_view bytes_;
};

// A hash that is kept, so it is the same everywhere.
inline std::uint64_t fnv1a(std::string_view text, std::uint64_t hash = 14695981039346656037ULL) {
  for (const unsigned char byte : text) hash = (hash ^ byte) * 1099511628211ULL;
  return hash;
}

inline std::string big_endian(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[static_cast<std::size_t>(i)] = char(value & 0xFF);
  return bytes;
}

}  // namespace bascule::conflict
