#include "link/native/transport/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <stdexcept>

#include "link/connect_settings.hpp"
#include "link/tls_verdict.hpp"

namespace bascule {

namespace asio = boost::asio;

namespace {

constexpr int certificate_required = 116;  // TLS 1.3, RFC 8446, section 6

// OpenSSL would ask at the terminal for the passphrase of a key.
int no_passphrase(char*, int, int, void*) { return 0; }

std::string last_openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* text = ERR_reason_error_string(code);
  return text ? text : "it cannot be used";
}

void require(bool done, const char* what, const std::string& path) {
  if (!done)
    throw std::runtime_error(std::string(what) + ": " + path + ": " + last_openssl_error());
}

bool numeric(const std::string& host) {
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
  ERR_clear_error();
  ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

}  // namespace

void FreeTlsContext::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

TlsContext make_tls_context(const TlsSettings& settings) {
  TlsContext owner(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = owner.get();
  if (!context) throw std::runtime_error("TLS: " + last_openssl_error());
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_default_passwd_cb(context, &no_passphrase);
  if (const auto& path = settings.ca_file; !path.empty()) {
    read_file(path, "tls.ca_file");
    require(SSL_CTX_load_verify_file(context, path.c_str()) == 1, "tls.ca_file", path);
  } else {
    SSL_CTX_set_default_verify_paths(context);
  }
  if (const auto& path = settings.cert_file; !path.empty()) {
    read_file(path, "tls.cert_file");
    require(SSL_CTX_use_certificate_chain_file(context, path.c_str()) == 1, "tls.cert_file", path);
  }
  if (const auto& path = settings.key_file; !path.empty()) {
    read_file(path, "tls.key_file");
    require(SSL_CTX_use_PrivateKey_file(context, path.c_str(), SSL_FILETYPE_PEM) == 1,
            "tls.key_file", path);
  }
  SSL_CTX_set_verify(context, settings.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  return owner;
}

TlsContext share(const TlsContext& context) {
  SSL_CTX_up_ref(context.get());
  return TlsContext(context.get());
}

void expect_host(SSL* session, const std::string& host, bool insecure) {
  const bool is_address = numeric(host);
  if (!is_address) SSL_set_tlsext_host_name(session, host.c_str());
  if (insecure) return;
  const bool set = is_address
                       ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1
                       : SSL_set1_host(session, host.c_str()) == 1;
  if (!set) throw std::runtime_error("TLS: no certificate can be for the host name " + host);
}

std::string describe_handshake(SSL* session, const std::string& host,
                               const boost::system::error_code& error) {
  const auto verdict = SSL_get_verify_result(session);
  const auto refused_by_us = SSL_get_verify_mode(session) != SSL_VERIFY_NONE;
  if (verdict != X509_V_OK && refused_by_us) {
    return "TLS: " + describe_verdict(static_cast<int>(verdict), host);
  }
  if (const auto alert = describe_alert(error); !alert.empty()) return alert;
  if (error == asio::ssl::error::stream_truncated || error == asio::error::eof ||
      error == asio::error::connection_reset) {
    return "TLS: the broker closed the connection (does it speak TLS on this port?)";
  }
  return "TLS: " + error.message();
}

std::string describe_alert(const boost::system::error_code& error) {
  if (error.category() != asio::error::get_ssl_category()) return "";
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  if (reason <= SSL_AD_REASON_OFFSET) return "";
  const int alert = reason - SSL_AD_REASON_OFFSET;
  if (alert == certificate_required) {  // OpenSSL calls it unknown
    return "TLS: the broker wants a client certificate (see tls.cert_file and tls.key_file)";
  }
  return std::string("TLS: the broker says: ") + SSL_alert_desc_string_long(alert);
}

}  // namespace bascule
