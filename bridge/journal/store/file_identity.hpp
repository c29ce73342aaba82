// Which file stood at a path, so that its absence is noticed while it is open: it was removed or
// moved, or another file system was mounted over it. What is written to it then is not where anyone
// will look for it. One owner.
#pragma once

#include <sys/types.h>

#include <string>

namespace bascule {

class FileIdentity {
 public:
  // Of the file that is at `path` now; of none, if there is none.
  explicit FileIdentity(std::string path);
  ~FileIdentity();
  FileIdentity(const FileIdentity&) = delete;
  FileIdentity& operator=(const FileIdentity&) = delete;

  // True for a file that was not there in the first place.
  bool in_place() const;
  // No path leads to it any more: its last user's closing is its end.
  bool removed() const;

 private:
  std::string path_;
  int file_ = -1;  // for its identity alone: nothing is read by it, and SQLite's locks stay
  dev_t device_ = 0;
  ino_t number_ = 0;
};

}  // namespace bascule
