// Why a broker's certificate was refused. Paho says only that a connection failed, so for its sake
// this looks on whenever OpenSSL verifies a certificate, and each thread remembers its last
// verdict.
#pragma once

#include <string>
#include <string_view>

namespace bascule {

// OpenSSL's verdict (X509_V_ERR_...) on a certificate for `host`, in a few words. Any thread.
std::string describe_verdict(int error, std::string_view host);

// Starts looking on, for the life of the process. Any thread; may be called again.
void watch_tls_verdicts();

// The cause, in a few words, why the last certificate that this thread verified does not do for
// `host`. Empty: there was none, or it does. Forgets it.
std::string take_tls_verdict(std::string_view host);

}  // namespace bascule
