#include "config/link/profile.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "config/link/terms.hpp"
#include "config/section.hpp"
#include "config/yaml.hpp"

namespace bascule {
namespace {

// Below each limit of "per second" there is a tenth of room, for clocks and networks are not exact.
// A second client id, which comparing retained values takes, is what most of these do not allow.
constexpr std::array<std::string_view, 7> profiles{
    "",
    // AWS General Reference, "AWS IoT Core endpoints and quotas", message broker and protocol.
    R"(
max_qos: 1
max_payload: 128KiB
topic: {levels: 8, bytes: 256}
subscriptions: {at_once: 8, total: 50}
rate: {messages: 90/s, bytes: 450KiB/s}
window: 100
session_expiry: 1h
retained: trust
own_topics: {bookmark: {every: 30s}, events: off}
)",
    // learn.microsoft.com, "Azure Event Grid quotas and limits", MQTT limits in the namespace.
    R"(
protocol: 5
max_qos: 1
retain: off
max_payload: 512KiB
topic: {bytes: 256}
subscriptions: {total: 50}
rate: {messages: 900/s, bytes: 900KiB/s}
session_expiry: 8h
retained: trust
own_topics: off
)",
    // learn.microsoft.com, "Communicate with an IoT hub using the MQTT protocol", and its quotas.
    R"(
protocol: 3.1.1
max_qos: 1
retain: off
max_payload: 256KiB
rate: {messages: 90/s}
window: 100
retained: trust
own_topics: off
)",
    // HiveMQ Cloud: 5 MB a message.
    R"(
max_payload: 4800KiB
)",
    // docs.emqx.com, "Quotas and Limits" of EMQX Platform, Serverless.
    R"(
max_payload: 950KiB
topic: {levels: 10}
subscriptions: {total: 10}
rate: {messages: 9/s}
session_expiry: 2h
own_topics: {bookmark: {every: 30s}, events: off}
)",
    // thingsboard.io, gateway MQTT API: fixed topics, and Netty's limit of 64 KiB a message.
    R"(
protocol: 3.1.1
max_qos: 1
retain: off
max_payload: 64KiB
retained: trust
own_topics: off
)"};

}  // namespace

std::string_view yaml_of(Profile profile) { return profiles[static_cast<std::size_t>(profile)]; }

void apply(Profile profile, const std::string& id, LinkSettings& settings) {
  if (profile == Profile::none) return;
  const YamlNode yaml = parse_yaml(std::string(yaml_of(profile)));
  Problems problems("the profile " + std::string(word_of(profile_words, profile)));
  Section section("the profile", yaml, Position{}, problems);
  read_terms(section, id, settings);
  section.finish();
  problems.throw_if_any();
}

}  // namespace bascule
