#include "config/values.hpp"

#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "config/section.hpp"
#include "message/topic.hpp"
#include "text/number.hpp"

namespace bascule {

std::string plain_text(const std::string& text) {
  if (text.empty()) throw std::invalid_argument("must not be empty");
  const bool control =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c); });
  if (control || !valid_utf8(text)) {
    throw std::invalid_argument("must be UTF-8 text without control characters");
  }
  return text;
}

std::string identifier(const std::string& text) {
  const bool allowed = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '_' || c == '-';
  });
  if (text.empty() || text.size() > 64 || !allowed) {
    throw std::invalid_argument(
        "must be 1 to 64 letters, digits, dots, dashes or underscores, not " + in_quotes(text));
  }
  return text;
}

bool boolean(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  throw std::invalid_argument("must be true or false, not " + in_quotes(text));
}

bool on_off(const std::string& text) {
  if (text == "on" || text == "true") return true;
  if (text == "off" || text == "false") return false;
  throw std::invalid_argument("must be on or off, not " + in_quotes(text));
}

std::string with_id(const std::string& text, const std::string& id) {
  std::string expanded = plain_text(text);
  for (std::size_t at = 0; (at = expanded.find(id_placeholder, at)) != std::string::npos;) {
    expanded.replace(at, id_placeholder.size(), id);
    at += id.size();
  }
  if (expanded.find_first_of("{}") == std::string::npos) return expanded;
  throw std::invalid_argument("can hold {bridge.id}, but no other braces");
}

std::string absolute_path(const std::string& text) {
  plain_text(text);
  if (text.front() != '/') throw std::invalid_argument("must be a path that begins with /");
  return text;
}

std::string socket_path(const std::string& text) {
  constexpr std::size_t bytes_max = sizeof(sockaddr_un::sun_path) - 1;
  absolute_path(text);
  if (text.size() <= bytes_max) return text;
  throw std::invalid_argument("is too long for a socket; use " + std::to_string(bytes_max) +
                              " bytes at most");
}

std::string readable_file(const std::string& given) {
  // Only the service itself sees its credentials: to a check in a shell they are as good as there.
  const bool credential = given.starts_with(credentials);
  const char* folder = credential ? std::getenv("CREDENTIALS_DIRECTORY") : nullptr;
  if (credential && folder == nullptr) return plain_text(given);
  const std::string text =
      credential ? std::string(folder) + '/' + given.substr(credentials.size()) : given;
  absolute_path(text);
  std::error_code error;
  if (std::filesystem::is_directory(text, error)) {
    throw FileUnusable("is a directory; name a file");
  }
  if (::access(text.c_str(), R_OK) == 0) {
    if (std::filesystem::file_size(text, error) == 0 && !error) {
      throw FileUnusable("names an empty file");
    }
    return text;
  }
  const int reason = errno;
  const std::filesystem::path folder_of = std::filesystem::path(text).parent_path();
  const bool path = folder_of != "/" && std::filesystem::is_directory(folder_of, error);
  const std::string which = path ? ": " + single_quoted(text) : "";
  if (reason == ENOENT || reason == ENOTDIR) {
    throw FileUnusable("names no such file" + (path ? which : ", nor a folder for it"));
  }
  throw FileUnusable("names a file that cannot be read" + which + ": " +
                     std::generic_category().message(reason));
}

std::int64_t parse_whole(const std::string& text, std::int64_t min, std::int64_t max) {
  const auto value = parse_number<std::int64_t>(text);
  if (value && *value >= min && *value <= max) return *value;
  throw std::invalid_argument("must be a whole number, " + std::to_string(min) + " to " +
                              std::to_string(max) + ", not " + in_quotes(text));
}

}  // namespace bascule
