// One process at a time has a journal's directory: a file `lock` in it, held with flock.
#pragma once

#include <string>

namespace bascule {

class DirectoryLock {
 public:
  // Makes the directory if it is not there. Throws JournalError if it cannot be written, or if
  // another process has it.
  explicit DirectoryLock(const std::string& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace bascule
