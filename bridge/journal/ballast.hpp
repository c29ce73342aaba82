// A file of a few megabytes that holds nothing. On a full disk SQLite can neither delete nor
// checkpoint, so a full journal could not even drain; then the ballast is given up and its room
// gets the journal going again. That room is for draining alone: until the ballast is back, nothing
// is taken in that would use it (Retention). Owned by the journal's thread.
#pragma once

#include <cstdint>
#include <string>

namespace bascule {

class Ballast {
 public:
  explicit Ballast(const std::string& directory) : path_(directory + "/ballast") {}

  // Makes it if it is not there and leaves `least_free_bytes` free.
  void keep(std::uint64_t free_bytes, std::uint64_t least_free_bytes) const;
  void give_up() const;
  // What it would take of the file system now; 0: it is there.
  std::uint64_t missing_bytes() const;

  static constexpr std::uint64_t size_bytes = 8 << 20;

 private:
  std::string path_;
};

}  // namespace bascule
