// What can be said of a secret's file without reading it.
#pragma once

#include <string>
#include <string_view>

#include "config/section.hpp"

namespace bascule {

// Warns at `key` where everyone on this machine may read or change the file at `path`.
void warn_of_secret(Section& section, std::string_view key, const std::string& path);

// `key` has read `path`: warns if it names a credential of the service, and this is not the
// service.
void warn_of_credential(Section& section, std::string_view key, const std::string& path);

}  // namespace bascule
