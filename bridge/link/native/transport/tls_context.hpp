// TLS for the native client: what is trusted and shown, and what went wrong, in words. Any thread.
#pragma once

#include <memory>
#include <string>

#include "link/link.hpp"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX
struct ssl_st;      // and SSL

namespace boost::system {
class error_code;
}

namespace bascule {

struct FreeTlsContext {
  void operator()(ssl_ctx_st* context) const;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, FreeTlsContext>;

// Reads the files. Throws std::runtime_error with one sentence.
TlsContext make_tls_context(const TlsSettings& settings);
// The same one, for another owner.
TlsContext share(const TlsContext& context);

// The certificate must be for `host`, unless any is taken; and the broker is told the name. The
// settings' server_name is used in its place.
void expect_host(ssl_st* session, const std::string& host, bool insecure);

// Why a handshake failed.
std::string describe_handshake(ssl_st* session, const std::string& host,
                               const boost::system::error_code& error);

// What the broker said, if that is why a connection ended: TLS 1.3 refuses a client certificate
// only after the handshake. Empty: it was something else.
std::string describe_alert(const boost::system::error_code& error);

}  // namespace bascule
