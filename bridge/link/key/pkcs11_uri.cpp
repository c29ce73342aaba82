#include "link/key/pkcs11_uri.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace bascule {

namespace {

// p11-kit's, which stands for all modules that packages have installed.
constexpr std::string_view default_module = "p11-kit-proxy.so";

[[noreturn]] void complain(const std::string& what) {
  throw std::runtime_error("tls.key_file: the pkcs11 URI " + what);
}

std::string decoded(std::string_view text) {
  std::string bytes;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text.front() != '%') {
      bytes += text.front();
      continue;
    }
    unsigned value = 0;
    const bool whole = text.size() > 2;
    const char* const end = text.data() + 3;
    if (!whole || std::from_chars(text.data() + 1, end, value, 16).ptr != end) {
      complain("has a % without two hexadecimal digits behind it");
    }
    bytes += static_cast<char>(value);
    text.remove_prefix(2);
  }
  return bytes;
}

// A string that stays as it is: everything fits.
std::string* place_of(Pkcs11Uri& uri, std::string_view name, bool query) {
  if (query) return name == "module-path" ? &uri.module : nullptr;
  if (name == "token") return &uri.token;
  if (name == "manufacturer") return &uri.manufacturer;
  if (name == "model") return &uri.model;
  if (name == "serial") return &uri.serial;
  if (name == "object") return &uri.object;
  if (name == "id") return &uri.id;
  return nullptr;
}

void read_attribute(Pkcs11Uri& uri, std::string_view attribute, bool query) {
  const auto sign = attribute.find('=');
  if (sign == attribute.npos) complain("is a list of NAME=VALUE");
  const auto name = attribute.substr(0, sign);
  const auto value = decoded(attribute.substr(sign + 1));
  if (name == "type" && value == "private") return;
  if (name.starts_with("pin-")) {
    complain("must not have the PIN; write it into a file, and name that as tls.key_password_file");
  }
  std::string* const place = place_of(uri, name, query);
  if (place == nullptr) complain("has '" + std::string(name) + "', which is not understood");
  *place = value;
}

void read_attributes(Pkcs11Uri& uri, std::string_view text, char separator) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    read_attribute(uri, text.substr(0, end), separator == '&');
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

Pkcs11Uri parse_pkcs11_uri(std::string_view text) {
  Pkcs11Uri uri;
  uri.module = default_module;
  text.remove_prefix(text.find(':') + 1);
  const auto mark = std::min(text.find('?'), text.size());
  read_attributes(uri, text.substr(0, mark), ';');
  if (mark < text.size()) read_attributes(uri, text.substr(mark + 1), '&');
  if (uri.object.empty() && uri.id.empty()) complain("must name the key: object=LABEL or id=%01");
  return uri;
}

}  // namespace bascule
