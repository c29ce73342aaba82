#include "link/native/transport/certificate.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace bascule {
namespace {

std::optional<int> days_left(const X509* certificate) {
  int days = 0, seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate)) != 1) return {};
  return seconds < 0 ? days - 1 : days;
}

}  // namespace

std::optional<int> chain_days_left(SSL* session) {
  const STACK_OF(X509)* chain = SSL_get0_verified_chain(session);
  if (chain == nullptr) chain = SSL_get_peer_cert_chain(session);
  std::optional<int> least;
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    const auto days = days_left(sk_X509_value(chain, i));
    if (days && (!least || *days < *least)) least = days;
  }
  return least;
}

std::optional<int> file_days_left(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             &std::fclose);
  if (!file) return {};
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_X509(file.get(), nullptr, nullptr, nullptr), &X509_free);
  ERR_clear_error();
  return certificate ? days_left(certificate.get()) : std::nullopt;
}

}  // namespace bascule
