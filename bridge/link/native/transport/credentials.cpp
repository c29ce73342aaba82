#include "link/native/transport/credentials.hpp"

#include <exception>

#include "link/connect_settings.hpp"
#include "link/url.hpp"

namespace bascule {

std::string credentials_fault(const LinkSettings& settings) {
  try {
    if (!settings.password_file.empty()) read_password(settings.password_file);
    const auto url = parse_url(settings.url);
    if (url && url->tls()) make_tls_context(settings.tls);
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

std::string Credentials::password(const LinkSettings& settings) {
  if (settings.password_file.empty()) return {};
  try {
    password_ = read_password(settings.password_file);
    password_fault_.clear();
  } catch (const std::exception& error) {
    if (password_.empty()) throw;
    password_fault_ = error.what();
  }
  return password_;
}

TlsContext Credentials::tls(const LinkSettings& settings) {
  try {
    tls_ = make_tls_context(settings.tls);
    tls_fault_.clear();
  } catch (const std::exception& error) {
    if (!tls_) throw;
    tls_fault_ = error.what();
  }
  return share(tls_);
}

std::string Credentials::fault() const {
  return password_fault_ + (password_fault_.empty() || tls_fault_.empty() ? "" : "; ") + tls_fault_;
}

}  // namespace bascule
