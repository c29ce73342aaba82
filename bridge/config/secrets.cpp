#include "config/secrets.hpp"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "config/values.hpp"

namespace bascule {

void warn_of_secret(Section& section, std::string_view key, const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || !std::filesystem::is_regular_file(status)) return;
  using std::filesystem::perms;
  if ((status.permissions() & (perms::others_read | perms::others_write)) == perms::none) return;
  section.warn(key, in_quotes(key) + " names a file that everyone on this machine may read or " +
                        "change; take that away with chmod o= and the file's name");
}

void warn_of_credential(Section& section, std::string_view key, const std::string& path) {
  if (!path.starts_with(credentials)) return;
  section.warn(key, in_quotes(key) +
                        " names a credential of the service, and CREDENTIALS_DIRECTORY "
                        "is not set here: whether it is there was not looked at");
}

}  // namespace bascule
