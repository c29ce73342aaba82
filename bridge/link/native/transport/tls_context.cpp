#include "link/native/transport/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <stdexcept>

#include "link/connect_settings.hpp"
#include "link/key/pkcs11_uri.hpp"
#include "link/key/private_key.hpp"
#include "link/native/transport/token_key.hpp"
#include "link/tls_verdict.hpp"
#include "text/wording.hpp"

namespace bascule {

namespace asio = boost::asio;

namespace {

constexpr int certificate_required = 116;  // TLS 1.3, RFC 8446, section 6

// What goes with a context, for all that is made of it.
struct Asked {
  std::string server_name, alpn;  // as they are shown to people
};

void forget(void*, void* asked, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Asked*>(asked);
}

int place_of_asked() {
  static const int place = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &forget);
  return place;
}

const Asked& asked_of(SSL* session) {
  return *static_cast<Asked*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), place_of_asked()));
}

std::string name_of(SSL* session, const std::string& host) {
  const std::string& name = asked_of(session).server_name;
  return name.empty() ? host : name;
}

std::string last_openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const int reason = ERR_GET_LIB(code) == ERR_LIB_X509 ? ERR_GET_REASON(code) : 0;
  if (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH) {
    return "it is not the key of tls.cert_file";
  }
  const char* text = ERR_reason_error_string(code);
  return text ? text : "it cannot be used";
}

void require(bool done, const char* what, const std::string& path) {
  if (!done)
    throw std::runtime_error(std::string(what) + ": " + path + ": " + last_openssl_error());
}

void offer(SSL_CTX* context, const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& one : protocols) {
    if (one.empty() || one.size() > 255) {
      throw std::runtime_error("tls.alpn: a protocol's name has 1 to 255 bytes");
    }
    list += static_cast<char>(one.size()) + one;
  }
  const auto* const bytes = reinterpret_cast<const unsigned char*>(list.data());
  if (SSL_CTX_set_alpn_protos(context, bytes, static_cast<unsigned>(list.size())) != 0) {
    throw std::runtime_error("tls.alpn: " + last_openssl_error());
  }
}

PrivateKey key_of(const TlsSettings& settings) {
  const std::string& file = settings.key_password_file;
  const std::string password = file.empty() ? "" : read_password(file, "tls.key_password_file");
  if (names_token(settings.key_file)) {
    return find_token_key(parse_pkcs11_uri(settings.key_file), password);
  }
  return read_pem_key(settings.key_file, password, "tls.key_file",
                      "name its password with tls.key_password_file");
}

bool numeric(const std::string& host) {
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
  ERR_clear_error();
  ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

// Of the other side, as TLS numbers it; below 0: the error is none.
int alert_of(const boost::system::error_code& error) {
  if (error.category() != asio::error::get_ssl_category()) return -1;
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  return reason <= SSL_AD_REASON_OFFSET ? -1 : reason - SSL_AD_REASON_OFFSET;
}

}  // namespace

void FreeTlsContext::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

TlsContext make_tls_context(const TlsSettings& settings) {
  TlsContext owner(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = owner.get();
  if (!context) throw std::runtime_error("TLS: " + last_openssl_error());
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  auto asked = std::make_unique<Asked>(settings.server_name, comma_list(settings.alpn));
  if (SSL_CTX_set_ex_data(context, place_of_asked(), asked.get()) != 1) throw std::bad_alloc();
  asked.release();  // it goes with the context
  if (!settings.alpn.empty()) offer(context, settings.alpn);
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
    require(SSL_CTX_use_PrivateKey(context, key_of(settings).get()) == 1, "tls.key_file", path);
  }
  SSL_CTX_set_verify(context, settings.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  return owner;
}

TlsContext share(const TlsContext& context) {
  SSL_CTX_up_ref(context.get());
  return TlsContext(context.get());
}

void expect_host(SSL* session, const std::string& url_host, bool insecure) {
  const std::string host = name_of(session, url_host);
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
    return "TLS: " + describe_verdict(static_cast<int>(verdict), name_of(session, host));
  }
  if (alert_of(error) == SSL_AD_NO_APPLICATION_PROTOCOL) {
    const std::string& offered = asked_of(session).alpn;
    return "TLS: the broker takes none of the protocols that " +
           (offered.empty() ? "are offered: tls.alpn names none" : "tls.alpn offers: " + offered);
  }
  if (const auto alert = describe_alert(error); !alert.empty()) return alert;
  if (error == asio::ssl::error::stream_truncated || error == asio::error::eof ||
      error == asio::error::connection_reset) {
    return "TLS: the broker closed the connection (does it speak TLS on this port?)";
  }
  return "TLS: " + error.message();
}

std::string describe_alert(const boost::system::error_code& error) {
  const int alert = alert_of(error);
  if (alert < 0) return "";
  if (alert == certificate_required) {  // OpenSSL calls it unknown
    return "TLS: the broker wants a client certificate (see tls.cert_file and tls.key_file)";
  }
  return std::string("TLS: the broker says: ") + SSL_alert_desc_string_long(alert);
}

}  // namespace bascule
