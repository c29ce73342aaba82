#include "journal/store/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "journal/store/journal_error.hpp"

namespace bascule {

DirectoryLock::DirectoryLock(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw JournalError("cannot make data_dir " + directory + ": " + error.message());
  file_ = ::open((directory + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
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
