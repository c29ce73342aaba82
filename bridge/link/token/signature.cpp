#include "link/token/signature.hpp"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "link/connect_settings.hpp"

namespace bascule {

namespace {

constexpr const char* setting = "token.key_file";

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void require(bool done) {
  if (done) return;
  ERR_clear_error();
  throw std::runtime_error(std::string(setting) + ": the key does not sign");
}

bool on_p256(const EVP_PKEY* key) {
  std::array<char, 32> name{};
  return EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) == 1 &&
         std::string_view(name.data()) == "prime256v1";
}

// Both numbers of the signature, 32 bytes each, where OpenSSL has a structure of ASN.1.
std::string as_numbers(const std::string& der) {
  constexpr int bytes = 32;
  const unsigned char* begin = raw(der);
  const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> signature(
      d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(der.size())), &ECDSA_SIG_free);
  require(signature != nullptr);
  std::array<unsigned char, 2 * bytes> numbers{};
  require(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), numbers.data(), bytes) == bytes);
  require(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), numbers.data() + bytes, bytes) == bytes);
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size()};
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, 32> digest{};
  require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(text), text.size(),
               digest.data(), nullptr) != nullptr);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

SigningKey::SigningKey(const std::string& path) : secret_(read_password(path, setting)) {
  if (!secret_.starts_with("-----BEGIN ")) return;
  secret_.clear();
  key_ = read_pem_key(path, "", setting, "write it without a password");
  const bool rsa = EVP_PKEY_is_a(key_.get(), "RSA") == 1;
  if (!rsa && !on_p256(key_.get())) {
    throw std::runtime_error(std::string(setting) + ": " + path +
                             " must be an RSA key, or one on the curve P-256");
  }
  algorithm_ = rsa ? "RS256" : "ES256";
}

std::string SigningKey::sign(std::string_view text) const {
  if (!key_) return hmac_sha256(secret_, text);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   &EVP_MD_CTX_free);
  require(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1);
  std::size_t size = 0;
  require(EVP_DigestSign(context.get(), nullptr, &size, raw(text), text.size()) == 1);
  std::string signature(size, 0);
  auto* const place = reinterpret_cast<unsigned char*>(signature.data());
  require(EVP_DigestSign(context.get(), place, &size, raw(text), text.size()) == 1);
  signature.resize(size);
  return std::string_view(algorithm_) == "ES256" ? as_numbers(signature) : signature;
}

}  // namespace bascule
