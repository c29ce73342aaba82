// What signs a token. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "link/key/private_key.hpp"

namespace bascule {

std::string hmac_sha256(std::string_view key, std::string_view text);  // 32 bytes

// The key of a JSON Web Token, as its file has it: a private key in PEM, RSA or on the curve P-256,
// or else a secret.
class SigningKey {
 public:
  // Throws std::runtime_error with one sentence.
  explicit SigningKey(const std::string& path);

  const char* algorithm() const { return algorithm_; }  // RFC 7518: HS256, RS256 or ES256
  std::string sign(std::string_view text) const;        // bytes

 private:
  PrivateKey key_;  // null: it is a secret
  std::string secret_;
  const char* algorithm_ = "HS256";
};

}  // namespace bascule
