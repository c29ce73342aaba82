// Files that may change at any time, and have to be noticed: looked at now and then, by what tells
// one version from another. So it does not matter how they change: written in place, put in place
// by a rename, or behind a link that points elsewhere. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bascule {

class FileWatch {
 public:
  // Empty paths are none.
  explicit FileWatch(const std::vector<std::string>& paths);

  // Those that are not as they were, and are as they were found the last time: one that is being
  // written is not done.
  std::vector<std::string> look();

 private:
  // All zero: it is not there.
  struct Version {
    std::uint64_t device = 0, inode = 0, bytes = 0;
    std::int64_t modified_ns = 0, changed_ns = 0;
    bool operator==(const Version&) const = default;
  };
  struct File {
    std::string path;
    Version known, found;
  };
  static Version version_of(const std::string& path);

  std::vector<File> files_;
};

}  // namespace bascule
