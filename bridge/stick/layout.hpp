// Numbers of the format: FORMAT.md.
#pragma once

#include <cstddef>
#include <string_view>

namespace bascule {

inline constexpr std::string_view stick_magic = "bascstk\x01";
inline constexpr std::size_t stick_hash_bytes = 32;
inline constexpr std::size_t stick_message_head_bytes = 23;
inline constexpr std::size_t stick_frame_bytes_max = std::size_t{300} << 20;  // of a message
inline constexpr std::size_t stick_text_bytes_max = std::size_t{1} << 20;     // of each other
// What a stick's proof is a proof of besides its hash: no stamp begins so.
inline constexpr std::string_view stick_proof_fields = "bascule-stick/1";
inline constexpr int stick_retain = 4;  // a bit

}  // namespace bascule
