#include "journal/lane/crc32c.hpp"

#include <doctest/doctest.h>

#include <string>

#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

// Bit by bit, as RFC 3720 defines it.
std::uint32_t plain(std::string_view data) {
  std::uint32_t crc = 0xFFFF'FFFF;
  for (const char c : data) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0);
  }
  return ~crc;
}

}  // namespace

TEST_CASE("crc32c: the examples of RFC 3720 come out") {
  CHECK(crc32c(0, "") == 0);
  CHECK(crc32c(0, "123456789") == 0xE3069283);
  CHECK(crc32c(0, std::string(32, '\0')) == 0x8A9136AA);
  CHECK(crc32c(0, std::string(32, '\xFF')) == 0x62A8AB43);
}

TEST_CASE("crc32c: any data in any two parts has the checksum of the whole") {
  check_property("parts", [](const std::string& a, const std::string& b) {
    RC_ASSERT(crc32c(crc32c(0, a), b) == plain(a + b));
  });
}
