#include "control/http/certificate.hpp"

#include <spdlog/spdlog.h>

#include <boost/system/system_error.hpp>
#include <system_error>

namespace bascule {

namespace ssl = boost::asio::ssl;

std::shared_ptr<ssl::context> Certificate::context() {
  std::error_code missing;  // then the time is the least one, and reading says what is wrong
  const Time cert_time = std::filesystem::last_write_time(cert_file_, missing);
  const Time key_time = std::filesystem::last_write_time(key_file_, missing);
  if (context_ && cert_time == cert_time_ && key_time == key_time_) return context_;
  const bool told = cert_time == cert_time_ && key_time == key_time_;
  cert_time_ = cert_time;
  key_time_ = key_time;
  try {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 |
                         ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                         ssl::context::no_tlsv1_1);
    context->use_certificate_chain_file(cert_file_);
    context->use_private_key_file(key_file_, ssl::context::pem);
    context_ = std::move(context);
  } catch (const boost::system::system_error& error) {
    if (!told) {
      spdlog::warn("control: the certificate {} with the key {} cannot be used ({}); {}",
                   cert_file_, key_file_, error.code().message(),
                   context_ ? "the former one serves on" : "nobody can ask over HTTP");
    }
  }
  return context_;
}

}  // namespace bascule
