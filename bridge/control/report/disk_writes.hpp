// What this process has had written to disks since it started, as the kernel counts it: whole
// pages, the journal's log and file alike. What a medium writes besides is its own affair.
#pragma once

#include <cstdint>
#include <optional>

namespace bascule {

// Bytes; nothing: the kernel does not tell. Any thread.
std::optional<std::uint64_t> disk_bytes_written();

}  // namespace bascule
