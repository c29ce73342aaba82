// Numbers as people read them. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace bascule {

std::string count_text(std::uint64_t count);                        // 1,234,567
std::string counted(std::uint64_t count, const std::string& noun);  // 1 input, 1,234 inputs
std::string bytes_text(std::uint64_t bytes);                        // 512 B, 340 KiB, 1.2 GiB
// Below a list that is a part, how much of it: "20 of 49 are shown; --count N shows more". `of`: 0
// is not known.
std::string part_text(std::uint64_t shown, std::uint64_t of, const std::string& option);
std::string rate_text(double per_s);  // 0/s, 0.4/s, 12/s, 1,234/s

}  // namespace bascule
