// What a link shows its broker and what it trusts, from files that may change at any time: each
// connection reads them anew. Where they cannot be used, what was good last stays in use.
#pragma once

#include <string>

#include "link/link.hpp"
#include "link/native/transport/tls_context.hpp"

namespace bascule {

// What is wrong with the files as they are, in one sentence; empty: nothing. Any thread.
std::string credentials_fault(const LinkSettings& settings);

// Of one link; on its loop's thread.
class Credentials {
 public:
  // For a connection. Both throw std::runtime_error with one sentence where the files cannot be
  // used, and never could.
  std::string password(const LinkSettings& settings);  // empty: there is none
  TlsContext tls(const LinkSettings& settings);

  // What was wrong with them the last time; empty: nothing.
  std::string fault() const;

 private:
  std::string password_, password_fault_;
  TlsContext tls_;
  std::string tls_fault_;
};

}  // namespace bascule
