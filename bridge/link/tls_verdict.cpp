#include "link/tls_verdict.hpp"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>
#include <mutex>
#include <utility>

namespace bascule {

namespace {

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

struct Verdict {
  int error = X509_V_OK;
  std::unique_ptr<X509, FreeCertificate> certificate;
};

thread_local Verdict last;

// OpenSSL calls this at the end of each verification, when the result stands in the context.
void on_verified(void* parent, void*, CRYPTO_EX_DATA*, int, long, void*) {
  auto* context = static_cast<X509_STORE_CTX*>(parent);
  auto* certificate = X509_STORE_CTX_get0_cert(context);
  if (!certificate) return;
  X509_up_ref(certificate);
  last.certificate.reset(certificate);
  last.error = X509_STORE_CTX_get_error(context);
}

bool names(X509* certificate, const std::string& host) {
  return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
}

}  // namespace

void watch_tls_verdicts() {
  static std::once_flag once;
  std::call_once(
      once, [] { X509_STORE_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &on_verified); });
}

std::string take_tls_verdict(std::string_view host) {
  const auto verdict = std::exchange(last, {});
  if (!verdict.certificate) return "";
  if (verdict.error != X509_V_OK) return describe_verdict(verdict.error, host);
  if (names(verdict.certificate.get(), std::string(host))) return "";
  return describe_verdict(X509_V_ERR_HOSTNAME_MISMATCH, host);
}

std::string describe_verdict(int error, std::string_view host) {
  switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the certificate is not for the host name " + std::string(host);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the certificate has expired (or this machine's clock is ahead)";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the certificate is not yet valid (or this machine's clock is behind)";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "the certificate is from an unknown CA (see tls.ca_file)";
    default:
      return X509_verify_cert_error_string(error);
  }
}

}  // namespace bascule
