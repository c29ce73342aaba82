// What a link shows its broker and what it trusts, from files that may change at any time: each
// connection reads them anew. Where they cannot be used, what was good last stays in use.
#pragma once

#include <cstdint>
#include <string>

#include "link/link.hpp"
#include "link/native/transport/tls_context.hpp"

namespace bascule {

// What is wrong with the files as they are, in one sentence; empty: nothing. Any thread.
std::string credentials_fault(const LinkSettings& settings);

// Of one link; on its loop's thread.
class Credentials {
 public:
  // For a connection. They throw std::runtime_error with one sentence where the files cannot be
  // used, and never could.
  std::string password(const LinkSettings& settings);   // or a token; empty: there is none
  std::string auth_data(const LinkSettings& settings);  // likewise
  TlsContext tls(const LinkSettings& settings);

  // When the token ends that password() was, in ms since 1970 UTC; 0: it was none.
  std::int64_t token_until_ms() const { return token_until_ms_; }
  // What to put behind a broker's refusal with this reason, as in MQTT 5: token/token.hpp.
  std::string doubt(std::uint8_t reason) const;

  // What was wrong with them the last time; empty: nothing.
  std::string fault() const;

 private:
  std::string password_, password_fault_;
  std::string auth_data_, auth_fault_;
  std::int64_t token_until_ms_ = 0;
  TlsContext tls_;
  std::string tls_fault_;
};

}  // namespace bascule
