#include "journal/store/file_identity.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace bascule {

FileIdentity::FileIdentity(std::string path)
    : path_(std::move(path)), file_(::open(path_.c_str(), O_PATH | O_CLOEXEC)) {
  struct stat info {};
  if (file_ < 0 || ::fstat(file_, &info) != 0) return;
  device_ = info.st_dev;
  number_ = info.st_ino;
}

FileIdentity::~FileIdentity() {
  if (file_ >= 0) ::close(file_);
}

bool FileIdentity::in_place() const {
  if (number_ == 0) return true;
  struct stat info {};
  return ::stat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == number_;
}

bool FileIdentity::removed() const {
  struct stat info {};
  return file_ >= 0 && ::fstat(file_, &info) == 0 && info.st_nlink == 0;
}

}  // namespace bascule
