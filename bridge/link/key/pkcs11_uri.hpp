// The name of a key on a token, a URI of RFC 7512: pkcs11:token=site;object=bridge, perhaps with
// ?module-path=/usr/lib/softhsm/libsofthsm2.so behind it. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace bascule {

struct Pkcs11Uri {
  // What is empty fits everything.
  std::string token, manufacturer, model, serial;  // of the token
  std::string object, id;                          // of the key: its label; bytes
  std::string module;  // a library's path, or its name for the system to find

  bool operator==(const Pkcs11Uri&) const = default;
};

// Whether the key is on a token, and not in a file.
inline bool names_token(std::string_view key_file) { return key_file.starts_with("pkcs11:"); }

// Throws std::runtime_error with one sentence, which begins with "tls.key_file".
Pkcs11Uri parse_pkcs11_uri(std::string_view text);

}  // namespace bascule
