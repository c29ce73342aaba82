// TLS for the native client: what is trusted and shown, and what went wrong, in words. Any thread.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <system_error>

#include "link/link.hpp"

namespace bascule {

struct FreeTlsContext {
  void operator()(SSL_CTX* context) const;
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTlsContext>;

// Reads the files. Throws std::runtime_error with one sentence.
TlsContext make_tls_context(const TlsSettings& settings);

// The certificate must be for `host`, unless any is taken; and the broker is told the name.
void expect_host(SSL* session, const std::string& host, bool insecure);

// Why a handshake failed.
std::string describe_handshake(SSL* session, const std::string& host, std::error_code error);

// What the broker said, if that is why a connection ended: TLS 1.3 refuses a client certificate
// only after the handshake. Empty: it was something else.
std::string describe_alert(std::error_code error);

}  // namespace bascule
