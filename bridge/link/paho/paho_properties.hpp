// Between Paho's MQTT 5 properties and the wire encoding in which they travel. Pure; any thread.
#pragma once

#include <mqtt/properties.h>

#include <string>
#include <string_view>

namespace bascule {

// Sets `block` to the six properties that cross (properties.hpp); others are left out.
void encode_properties(const mqtt::properties& properties, std::string& block);

mqtt::properties decode_properties(std::string_view block);

}  // namespace bascule
