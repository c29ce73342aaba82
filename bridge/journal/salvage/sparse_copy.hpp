// Copies of files with holes, such as segments whose beginnings were given back.
#pragma once

#include <cstdint>
#include <string>

namespace bascule {

// What the file takes on the disk; 0: there is none.
std::uint64_t disk_bytes(const std::string& path);
// Into a new file, synced, with the holes. Throws std::system_error.
void copy_sparse(const std::string& from, const std::string& to);

}  // namespace bascule
