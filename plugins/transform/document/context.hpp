// What a message brings besides its payload: what the placeholders of a template can name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sdk/json.hpp"
#include "sdk/pattern.hpp"

namespace bascule::transform {

using sdk::Json;

struct Context {
  sdk::Captures captures;  // of its topic
  std::string topic;
  std::string bridge_id;            // of the bridge that runs the policy
  std::string origin, epoch, lane;  // with `sequence`, the message's identity
  std::uint64_t sequence = 0;
  std::int64_t wall_ms = 0;  // when it was journaled here, since 1970 UTC
  bool clock_trusted = false;

  // As a batch keeps it in the state.
  Json to_json() const;
  static Context from_json(const Json& json);
};

// Whether it is the name of something that every message has, as "time_ms"; no capture has it.
bool is_field(std::string_view name);

// What a field or a capture is; nothing: there is no such capture.
std::optional<Json> value_of(const Context& context, std::string_view name);

}  // namespace bascule::transform
