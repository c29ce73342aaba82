// Private keys: read from PEM files, or found on a token (native/transport/token_key.hpp). Any
// thread.
#pragma once

#include <memory>
#include <string>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace bascule {

struct FreePrivateKey {
  void operator()(evp_pkey_st* key) const;
};
using PrivateKey = std::unique_ptr<evp_pkey_st, FreePrivateKey>;

// `password` opens an encrypted key; empty: there is none. `what` is the setting with the path, and
// `remedy` what helps where a password is missing. Throws std::runtime_error with one sentence.
PrivateKey read_pem_key(const std::string& path, const std::string& password, const char* what,
                        const char* remedy);

}  // namespace bascule
