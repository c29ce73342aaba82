#include "journal/lane/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace bascule {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0);
    table[i] = crc;
  }
  return table;
}
constexpr auto table = make_table();

[[maybe_unused]] std::uint32_t by_table(std::uint32_t crc, std::string_view data) {
  for (const char c : data) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::uint32_t crc,
                                                               std::string_view data) {
  std::uint64_t wide = crc;
  while (data.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data.data(), 8);
    wide = _mm_crc32_u64(wide, word);
    data.remove_prefix(8);
  }
  auto narrow = static_cast<std::uint32_t>(wide);
  for (const char c : data) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(c));
  return narrow;
}
bool has_instruction() {
  static const bool yes = __builtin_cpu_supports("sse4.2") != 0;
  return yes;
}
#elif defined(__ARM_FEATURE_CRC32)
std::uint32_t by_instruction(std::uint32_t crc, std::string_view data) {
  while (data.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data.data(), 8);
    crc = __crc32cd(crc, word);
    data.remove_prefix(8);
  }
  for (const char c : data) crc = __crc32cb(crc, static_cast<unsigned char>(c));
  return crc;
}
constexpr bool has_instruction() { return true; }
#else
std::uint32_t by_instruction(std::uint32_t crc, std::string_view data) {
  return by_table(crc, data);
}
constexpr bool has_instruction() { return false; }
#endif

}  // namespace

std::uint32_t crc32c(std::uint32_t crc, std::string_view data) {
  const std::uint32_t start = ~crc;
  return ~(has_instruction() ? by_instruction(start, data) : by_table(start, data));
}

}  // namespace bascule
