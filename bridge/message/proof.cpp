#include "message/proof.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace bascule {
namespace {

constexpr std::size_t digest_bytes = 8;  // of XXH3
constexpr std::size_t mac_bytes = 12;    // as much of the HMAC as a stamp has
constexpr std::size_t digest_letters = 11;
constexpr std::size_t mac_letters = 16;
constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void write_base64url(const unsigned char* bytes, std::size_t count, std::string& text) {
  text.clear();
  std::uint32_t bits = 0;
  int held = 0;
  for (std::size_t i = 0; i < count; ++i) {
    bits = bits << 8 | bytes[i];
    for (held += 8; held >= 6; held -= 6) text += letters[bits >> (held - 6) & 63];
  }
  if (held > 0) text += letters[bits << (6 - held) & 63];
}

std::uint64_t hash(std::string_view part, std::uint64_t seed) {
  return XXH3_64bits_withSeed(part.data(), part.size(), seed);
}

}  // namespace

// One key, made ready once; each message starts from there.
class Prover::Hmac {
 public:
  explicit Hmac(std::string_view key) {
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(
        EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free);
    if (mac) context_.reset(EVP_MAC_CTX_new(mac.get()));
    require(context_ != nullptr &&
            EVP_MAC_init(context_.get(), reinterpret_cast<const unsigned char*>(key.data()),
                         key.size(), parameters) == 1);
  }

  std::array<unsigned char, mac_bytes> of(std::initializer_list<std::string_view> parts) {
    require(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1);
    bool first = true;
    for (const std::string_view part : parts) {
      const unsigned char nothing = 0;
      if (!first) require(EVP_MAC_update(context_.get(), &nothing, 1) == 1);
      first = false;
      require(EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(part.data()),
                             part.size()) == 1);
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> whole;
    std::size_t length = 0;
    require(EVP_MAC_final(context_.get(), whole.data(), &length, whole.size()) == 1 &&
            length >= mac_bytes);
    std::array<unsigned char, mac_bytes> head;
    std::copy_n(whole.begin(), mac_bytes, head.begin());
    return head;
  }

 private:
  static void require(bool done) {
    if (!done) throw std::runtime_error("OpenSSL cannot make an HMAC-SHA-256");
  }

  std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context_{nullptr, EVP_MAC_CTX_free};
};

Prover::Prover(std::string_view key) {
  if (!key.empty()) hmac_ = std::make_unique<Hmac>(key);
}

Prover::~Prover() = default;
Prover::Prover(Prover&&) noexcept = default;
Prover& Prover::operator=(Prover&&) noexcept = default;

std::string_view Prover::prove(std::string_view fields, std::string_view via,
                               std::string_view topic, std::string_view payload) {
  if (hmac_ != nullptr) {
    const auto mac = hmac_->of({fields, via, topic, payload});
    write_base64url(mac.data(), mac.size(), text_);
    return text_;
  }
  const std::uint64_t digest = hash(payload, hash(topic, hash(via, hash(fields, 0))));
  std::array<unsigned char, digest_bytes> bytes;
  for (std::size_t i = 0; i < digest_bytes; ++i) {
    bytes[i] = static_cast<unsigned char>(digest >> (8 * (digest_bytes - 1 - i)));
  }
  write_base64url(bytes.data(), bytes.size(), text_);
  return text_;
}

bool Prover::fits(std::string_view proof, std::string_view fields, std::string_view via,
                  std::string_view topic, std::string_view payload) {
  const std::string_view own = prove(fields, via, topic, payload);
  return proof.size() == own.size() && CRYPTO_memcmp(proof.data(), own.data(), own.size()) == 0;
}

bool is_proof(std::string_view text) {
  return (text.size() == digest_letters || text.size() == mac_letters) &&
         text.find_first_not_of(letters) == text.npos;
}

}  // namespace bascule
