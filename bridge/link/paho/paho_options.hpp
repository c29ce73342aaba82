// The options with which Paho creates a client and connects. Reads the files that the settings
// name, at each call, so that new secrets and certificates need no restart. Any thread.
#pragma once

#include <mqtt/connect_options.h>
#include <mqtt/create_options.h>

#include <string>

#include "link/link.hpp"
#include "link/url.hpp"

namespace bascule {

std::string paho_uri(const Url& url);

// `version` is 4 (MQTT 3.1.1) or 5.
mqtt::create_options paho_create_options(int version);

// Throws std::runtime_error, with one sentence, for a file that cannot be read.
mqtt::connect_options paho_connect_options(const LinkSettings& settings, const Url& url,
                                           int version);

}  // namespace bascule
