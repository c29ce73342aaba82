// A mosquitto bridge as a first configuration of bascule.
#pragma once

#include <string>

#include "cli/draft/draft.hpp"
#include "cli/draft/mosquitto_conf.hpp"

namespace bascule {

// Whatever of it has no counterpart, or would not be as it was, is in the draft's notes, each with
// its place in mosquitto's file and what to do. No secret is taken over: where one stands, the
// draft names a file for it. `id` and `instance` are the draft's.
Draft convert(const MosquittoBridge& bridge, const MosquittoConf& conf, const std::string& id,
              const std::string& instance);

// A bridge id of the name of a connection.
std::string id_of(const std::string& connection);

}  // namespace bascule
