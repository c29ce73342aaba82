// The certificate that the bridge shows to those who ask over TCP: read again when its files
// change, so that a renewed one needs no restart.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>
#include <string>

namespace bascule {

// One thread.
class Certificate {
 public:
  // PEM files: the certificate with its chain, and its key.
  Certificate(std::string cert_file, std::string key_file)
      : cert_file_(std::move(cert_file)), key_file_(std::move(key_file)) {}

  // TLS 1.2 or newer with what the files hold now. If they cannot be used now, the last good one
  // serves on, and the log says so once for each change; null if there was none.
  std::shared_ptr<boost::asio::ssl::context> context();

 private:
  using Time = std::filesystem::file_time_type;

  std::string cert_file_, key_file_;
  Time cert_time_ = Time::max(), key_time_ = Time::max();  // max: not looked at yet
  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace bascule
