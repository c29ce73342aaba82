#include "file_watch.hpp"

#include <sys/stat.h>

namespace bascule {

FileWatch::FileWatch(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    const Version version = version_of(path);
    files_.push_back({path, version, version});
  }
}

FileWatch::Version FileWatch::version_of(const std::string& path) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return {};
  return {file.st_dev, file.st_ino, static_cast<std::uint64_t>(file.st_size),
          file.st_mtim.tv_sec * second_ns + file.st_mtim.tv_nsec,
          file.st_ctim.tv_sec * second_ns + file.st_ctim.tv_nsec};
}

std::vector<std::string> FileWatch::look() {
  std::vector<std::string> changed;
  for (File& file : files_) {
    const Version now = version_of(file.path);
    const bool stays = now == file.found;
    file.found = now;
    if (!stays || now == file.known) continue;
    file.known = now;
    changed.push_back(file.path);
  }
  return changed;
}

}  // namespace bascule
