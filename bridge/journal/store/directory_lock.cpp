#include "journal/store/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "journal/store/journal_error.hpp"

namespace bascule {

DirectoryLock::DirectoryLock(const std::string& directory) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::absolute(directory).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // it ended in a slash
  std::filesystem::create_directories(path.parent_path(), error);
  // What crosses is nobody else's business, whatever the umask. A directory that is there stays as
  // its owner made it.
  if (!error && ::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    error.assign(errno, std::generic_category());
  }
  if (error) throw JournalError("cannot make data_dir " + directory + ": " + error.message());
  file_ = ::open((directory + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0) throw JournalError("cannot write in " + directory + ": " + std::strerror(errno));
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> owner{};
    const auto length = ::pread(file_, owner.data(), owner.size() - 1, 0);
    ::close(file_);
    throw JournalError(
        "another bascule" + (length > 0 ? " (process " + std::string(owner.data()) + ")" : "") +
        " has the journal in " + directory + " open; stop it or choose another data_dir");
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, pid.data(), pid.size(), 0) < 0) {
    // Only a courtesy to whoever finds the lock taken.
  }
}

DirectoryLock::~DirectoryLock() { ::close(file_); }

}  // namespace bascule
