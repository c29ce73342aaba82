#include "control/http/token_file.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bascule {
namespace {

// Looks at each byte, wherever the first difference is: its time says nothing.
bool equal(std::string_view one, std::string_view other) {
  if (one.size() != other.size()) return false;
  unsigned char difference = 0;
  for (std::size_t at = 0; at < one.size(); ++at) {
    difference |= static_cast<unsigned char>(one[at] ^ other[at]);
  }
  return difference == 0;
}

}  // namespace

void TokenFile::read_if_changed() {
  const auto fail = [&](const std::string& why) {
    version_ = {};
    entries_.clear();
    throw std::runtime_error("the token file " + path_ + ' ' + why);
  };
  struct stat file {};
  if (::stat(path_.c_str(), &file) != 0) {
    fail(std::string("cannot be read (") + std::strerror(errno) + ')');
  }
  const Version found{file.st_mtim.tv_sec * 1'000'000'000 + file.st_mtim.tv_nsec, file.st_ino,
                      static_cast<std::uint64_t>(file.st_size)};
  if (found == version_) return;

  std::ifstream text(path_);
  if (!text) fail(std::string("cannot be read (") + std::strerror(errno) + ')');
  std::vector<Entry> entries;
  std::string line;
  for (int number = 1; std::getline(text, line); ++number) {
    std::istringstream words(line);
    std::string role, name, token, more;
    words >> role >> name >> token >> more;
    if (role.empty() || role.starts_with('#')) continue;
    const auto wrong = [&](const std::string& why) {
      fail("has a wrong line " + std::to_string(number) + ": " + why);
    };
    if (role != "look" && role != "change") wrong("it begins with neither look nor change");
    if (token.empty() || !more.empty()) wrong("it is not ROLE NAME TOKEN");
    if (token.size() < token_bytes_min) {
      wrong("its token has fewer than " + std::to_string(token_bytes_min) +
            " characters; make one with: openssl rand -hex 24");
    }
    entries.push_back({{role == "change" ? Role::change : Role::look, name}, token});
  }
  if ((file.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    spdlog::warn(
        "control: everyone on this machine may read or change {}, and with its tokens what they "
        "let do; chmod o= {}",
        path_, path_);
  }
  entries_ = std::move(entries);
  version_ = found;
}

std::optional<Holder> TokenFile::holder_of(std::string_view token) {
  read_if_changed();
  std::optional<Holder> holder;
  for (const Entry& entry : entries_) {
    if (equal(entry.token, token)) holder = entry.holder;
  }
  return holder;
}

}  // namespace bascule
