// How the policy writes bytes: varints, texts with their length, big-endian numbers in keys so that
// the host's order of bytes is the order of numbers. Pure; what cannot be read throws.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bascule::conflict {

class Writer {
 public:
  Writer& number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
    return *this;
  }
  // Zigzag: small negative numbers stay small.
  Writer& integer(std::int64_t value) {
    return number((static_cast<std::uint64_t>(value) << 1) ^ (value < 0 ? ~0ULL : 0ULL));
  }
  Writer& text(std::string_view value) {
    number(value.size());
    bytes_ += value;
    return *this;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(text_of(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    throw std::runtime_error("damaged state: a number without end");
  }
  std::int64_t integer() {
    const auto value = number();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  std::string_view text() { return text_of(number()); }
  bool flag() { return number() != 0; }
  bool done() const { return bytes_.empty(); }

 private:
  std::string_view text_of(std::uint64_t size) {
    if (size > bytes_.size()) throw std::runtime_error("damaged state: it ends too early");
    const auto value = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return value;
  }

  std::string_view bytes_;
};

inline std::string big_endian(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[static_cast<std::size_t>(i)] = char(value & 0xFF);
  return bytes;
}

}  // namespace bascule::conflict
