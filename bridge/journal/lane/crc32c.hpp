// CRC-32C (Castagnoli; RFC 3720, appendix B.4), with the processor's instruction where it has one.
#pragma once

#include <cstdint>
#include <string_view>

namespace bascule {

// The checksum of `data` continued from `crc`, the checksum of what came before it (0: nothing).
std::uint32_t crc32c(std::uint32_t crc, std::string_view data);

}  // namespace bascule
