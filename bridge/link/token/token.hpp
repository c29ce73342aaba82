// Tokens as passwords: those that the bridge makes itself, and what any of them says of its time.
// The key's file is read at each call. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "clock.hpp"
#include "link/settings.hpp"

namespace bascule {

// A SharedAccessSignature of Azure or a JSON Web Token, by settings.token. It begins at `wall_ms`
// (since 1970 UTC) and ends settings.token.lasts later. Throws std::runtime_error with one sentence
// for a key that cannot be used.
std::string make_token(const LinkSettings& settings, std::int64_t wall_ms);

// What a SharedAccessSignature is for: settings.token.resource, or else it is made of the host of
// the first address and the client id.
std::string sas_resource(const LinkSettings& settings);

// Whether it is time for another one, of a token that ends at `until_ms`: in the last fifth of its
// time as soon as it is quiet, in the last twentieth in any case.
bool renewal_due(std::chrono::milliseconds lasts, std::int64_t until_ms, std::int64_t wall_ms,
                 bool quiet);

// Why a broker may have refused a password or data for AUTH, if that is a token of either kind:
// what to put behind the refusal, beginning with a semicolon. Empty: it is none, its time is good,
// and so is this machine's clock as far as it knows.
std::string token_doubt(std::string_view shown, const Now& at);

// Likewise, where the broker's reason (as in MQTT 5) is about who we are; else empty.
std::string token_doubt(std::string_view shown, std::uint8_t reason, const Now& at);

}  // namespace bascule
