#include "link/native/transport/credentials.hpp"

#include <exception>
#include <functional>
#include <stdexcept>

#include "clock.hpp"
#include "link/connect_settings.hpp"
#include "link/token/token.hpp"
#include "link/url.hpp"

namespace bascule {

namespace {

std::string read_data(const LinkSettings& settings) {
  constexpr std::size_t bytes_max = 65'535;  // that AUTH has room for
  std::string data = read_password(settings.auth.data_file, "auth.data_file");
  if (data.size() <= bytes_max) return data;
  throw std::runtime_error("auth.data_file: " + settings.auth.data_file +
                           " is longer than 65,535 bytes");
}

// Reads it anew, or leaves it as it was.
void renew(std::string& secret, std::string& fault, const std::function<std::string()>& read) {
  try {
    secret = read();
    fault.clear();
  } catch (const std::exception& error) {
    if (secret.empty()) throw;
    fault = error.what();
  }
}

}  // namespace

std::string credentials_fault(const LinkSettings& settings) {
  try {
    if (!settings.password_file.empty()) read_password(settings.password_file);
    if (settings.token.kind != TokenKind::none) make_token(settings, now().wall_ms);
    if (!settings.auth.method.empty()) read_data(settings);
    if (const auto& path = settings.proxy.password_file; !path.empty()) {
      read_password(path, "proxy_password_file");
    }
    // All of a list, or none: config/link/network.cpp.
    if (const auto url = parse_url(settings.url); url && url->tls()) make_tls_context(settings.tls);
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

std::string Credentials::password(const LinkSettings& settings) {
  if (settings.token.kind != TokenKind::none) {
    const auto wall_ms = now().wall_ms;
    if (token_until_ms_ <= wall_ms) password_.clear();  // it would be refused
    renew(password_, password_fault_, [&] {
      std::string token = make_token(settings, wall_ms);
      token_until_ms_ = wall_ms + settings.token.lasts.count();
      return token;
    });
  } else if (!settings.password_file.empty()) {
    renew(password_, password_fault_, [&] { return read_password(settings.password_file); });
  }
  return password_;
}

std::string Credentials::auth_data(const LinkSettings& settings) {
  if (!settings.auth.method.empty()) {
    renew(auth_data_, auth_fault_, [&] { return read_data(settings); });
  }
  return auth_data_;
}

std::string Credentials::doubt(std::uint8_t reason) const {
  return token_doubt(auth_data_.empty() ? password_ : auth_data_, reason, now());
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
  std::string all;
  for (const std::string* one : {&password_fault_, &auth_fault_, &tls_fault_}) {
    if (!one->empty()) all += (all.empty() ? "" : "; ") + *one;
  }
  return all;
}

}  // namespace bascule
