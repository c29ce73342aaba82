// Numbers as people read them. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace bascule {

std::string count_text(std::uint64_t count);                        // 1,234,567
std::string counted(std::uint64_t count, const std::string& noun);  // 1 input, 1,234 inputs
std::string bytes_text(std::uint64_t bytes);                        // 512 B, 340 KiB, 1.2 GiB
std::string rate_text(double per_s);                                // 0/s, 0.4/s, 12/s, 1,234/s

}  // namespace bascule
