#include "link/key/private_key.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstring>
#include <stdexcept>

#include "link/connect_settings.hpp"

namespace bascule {

namespace {

struct Question {
  const std::string& password;
  bool asked = false;
};

// Without this OpenSSL would ask at the terminal.
int answer(char* buffer, int size, int, void* data) {
  auto& question = *static_cast<Question*>(data);
  question.asked = true;
  const auto bytes = question.password.size();
  if (bytes > static_cast<std::size_t>(size)) return -1;
  std::memcpy(buffer, question.password.data(), bytes);
  return static_cast<int>(bytes);
}

std::string reason_of(const Question& question, const char* remedy) {
  const char* const reason = ERR_reason_error_string(ERR_get_error());
  ERR_clear_error();
  if (question.asked && question.password.empty()) {
    return std::string("the key is encrypted; ") + remedy;
  }
  if (question.asked) return "the password does not open the key";
  return reason != nullptr ? reason : "it cannot be used";
}

}  // namespace

void FreePrivateKey::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

PrivateKey read_pem_key(const std::string& path, const std::string& password, const char* what,
                        const char* remedy) {
  const std::string text = read_file(path, what);
  ERR_clear_error();
  const std::unique_ptr<BIO, int (*)(BIO*)> bytes(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  Question question{password};
  PrivateKey key(PEM_read_bio_PrivateKey(bytes.get(), nullptr, &answer, &question));
  if (!key) {
    throw std::runtime_error(std::string(what) + ": " + path + ": " + reason_of(question, remedy));
  }
  return key;
}

}  // namespace bascule
