#include "crossing/credentials_watch.hpp"

#include <spdlog/spdlog.h>

#include <vector>

#include "link/key/pkcs11_uri.hpp"
#include "link/native/transport/credentials.hpp"
#include "text/wording.hpp"

namespace bascule {
namespace {

// The Paho client, from the files and at each connection.
bool reads_by_itself(const LinkSettings& settings) { return settings.client == Client::paho; }

}  // namespace

CredentialsWatch::CredentialsWatch(const LinkSettings& settings)
    : files_({settings.password_file, settings.tls.ca_file, settings.tls.cert_file,
              names_token(settings.tls.key_file) ? "" : settings.tls.key_file,
              settings.tls.key_password_file, settings.token.key_file, settings.auth.data_file}) {}

CredentialsWatch::Found CredentialsWatch::look(const LinkSettings& settings) {
  const std::vector<std::string> changed = files_.look();
  if (changed.empty()) return Found::nothing;
  const std::string names = comma_list(changed);
  fault_ = credentials_fault(settings);
  if (fault_.empty() && changed == std::vector{settings.auth.data_file}) {
    spdlog::info("link {}: {} has changed; it authenticates again with that", settings.name, names);
    return Found::data;
  }
  if (fault_.empty()) {
    spdlog::info("link {}: {} has changed; it connects anew with that once nothing is on its way",
                 settings.name, names);
    return Found::good;
  }
  fault_ += reads_by_itself(settings) ? "; the next connection will fail"
                                      : "; what was read before stays in use";
  spdlog::warn("link {}: {} has changed: {}", settings.name, names, fault_);
  return Found::bad;
}

}  // namespace bascule
