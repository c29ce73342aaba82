// How long certificates are valid still. Any thread.
#pragma once

#include <optional>
#include <string>

struct ssl_st;  // OpenSSL's SSL

namespace bascule {

// Of the chain that the broker has shown: whole days until its first certificate ends; negative: it
// has ended. Nothing without a handshake.
std::optional<int> chain_days_left(ssl_st* session);

// Of the first certificate in a PEM file; nothing if there is none.
std::optional<int> file_days_left(const std::string& path);

}  // namespace bascule
