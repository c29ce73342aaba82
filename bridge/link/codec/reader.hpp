// Takes the fields of a packet off its front: big-endian numbers, and texts with their length.
// Past the end everything is zero or empty, and ok() turns false. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bascule {

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return number(4); }

  std::uint32_t variable() {
    std::uint32_t value = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      const auto byte = u8();
      value |= std::uint32_t{byte & 0x7fu} << shift;
      if (byte < 0x80) {
        if (byte == 0 && shift > 0) fail();  // longer than the number needs
        return value;
      }
    }
    fail();
    return 0;
  }

  std::string_view text() { return take(u16()); }

  std::string_view take(std::size_t bytes) {
    if (rest_.size() < bytes) {
      fail();
      return {};
    }
    const auto taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }

  void fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  std::uint32_t number(std::size_t bytes) {
    std::uint32_t value = 0;
    for (const unsigned char byte : take(bytes)) value = value << 8 | byte;
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace bascule
