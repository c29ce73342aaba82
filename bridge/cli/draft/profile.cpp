#include "cli/draft/profile.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace bascule {
namespace {

std::vector<std::string> advice_for(BrokerKind kind) {
  switch (kind) {
    case BrokerKind::mosquitto:
      return {
          "At this mosquitto: persistence true, autosave_interval 1, and max_queued_messages as "
          "large as an outage needs (1,000 is the default). A crash of it may take the receivers' "
          "sessions; 'settle' waits for them."};
    case BrokerKind::rabbitmq:
      return {
          "At this RabbitMQ: mqtt.subscription_ttl = undefined (else a bridge that is away for a "
          "day loses its queue), mqtt.prefetch = 1000, and rights for the topics bascule/ID/#. It "
          "speaks MQTT 3.1.1, and takes no dots and stars in topics."};
    case BrokerKind::nats:
      return {
          "At this nats-server: jetstream with a store_dir; in mqtt: ack_wait of seconds and "
          "max_ack_pending: 1000. It speaks MQTT 3.1.1, closes over QoS 2, and takes no dots and "
          "spaces in topics."};
    case BrokerKind::automatic:
    case BrokerKind::other:
      break;
  }
  return {};
}

// Over MQTT 3.1.1 what is sent comes back and cannot be known.
void end_both_ways(Draft& draft) {
  for (DraftRoute& route : draft.routes) {
    if (route.direction != "both" || !route.left_out.empty()) continue;
    route.direction = "up";
    route.note += (route.note.empty() ? "" : " ") +
                  std::string(
                      "It went both ways, which needs MQTT 5 at both brokers: here it goes "
                      "up. For the way back write a route with another topic.");
    draft.notes.push_back("the route '" + route.name +
                          "' went both ways, which needs MQTT 5 at both brokers: it goes up only; "
                          "for the way back write a route with another topic");
  }
}

}  // namespace

void set_profile(Draft& draft, BrokerKind kind) {
  draft.central.broker = kind;
  draft.central.advice = advice_for(kind);
  if (kind == BrokerKind::mosquitto) draft.central.settings.emplace_back("settle", "30s");
  if (kind != BrokerKind::rabbitmq && kind != BrokerKind::nats) return;
  draft.central.protocol = "3.1.1";
  end_both_ways(draft);
  if (kind != BrokerKind::nats) return;
  for (DraftRoute& route : draft.routes) {
    if (route.qos.empty()) route.qos = "1";
  }
}

}  // namespace bascule
