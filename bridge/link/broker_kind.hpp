// What is at the other end of a link, as far as it makes a difference: what it keeps over a crash,
// and which topics it cannot carry. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "text/words.hpp"

namespace bascule {

enum class BrokerKind : std::uint8_t { automatic, mosquitto, rabbitmq, nats, other };
inline constexpr Word<BrokerKind> broker_words[] = {{"auto", BrokerKind::automatic},
                                                    {"mosquitto", BrokerKind::mosquitto},
                                                    {"rabbitmq", BrokerKind::rabbitmq},
                                                    {"nats", BrokerKind::nats},
                                                    {"other", BrokerKind::other}};

// Whether a session that is there counts more than a bookmark that is older than it was: such a
// broker keeps a session as a queue that is on the disk before PUBACK, and what it retains beside
// it. Of an unknown one that has no QoS 2 this is assumed. mosquitto restores both from one file,
// so that its session may be as old as the bookmark.
bool sessions_outlive_retained(BrokerKind broker, bool knows_qos_2);

// Why this broker cannot carry the topic, or topic filter, as it is; empty: it can.
std::string_view unfit_topic(BrokerKind broker, std::string_view topic);

}  // namespace bascule
