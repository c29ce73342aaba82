// A private key that stays on its token (a smart card, an HSM, a TPM), which signs with it. A
// module that was loaded for it stays for the life of the process. Any thread.
#pragma once

#include <string>

#include "link/key/pkcs11_uri.hpp"
#include "link/key/private_key.hpp"

namespace bascule {

// `pin`: empty: none is known. Where the token has refused one, that one is not tried again: tokens
// lock themselves after a few. Throws std::runtime_error with one sentence.
PrivateKey find_token_key(const Pkcs11Uri& uri, const std::string& pin);

}  // namespace bascule
