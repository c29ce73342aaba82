#include "link/broker_kind.hpp"

namespace bascule {

bool sessions_outlive_retained(BrokerKind broker, bool knows_qos_2) {
  if (broker == BrokerKind::automatic) return !knows_qos_2;
  return broker == BrokerKind::rabbitmq;
}

std::string_view unfit_topic(BrokerKind broker, std::string_view topic) {
  if (broker == BrokerKind::rabbitmq && topic.find_first_of(".*") != std::string_view::npos) {
    return "RabbitMQ turns a dot in a topic into a slash, and a star into a plus";
  }
  if (broker == BrokerKind::nats && topic.find_first_of(". ") != std::string_view::npos) {
    return "nats-server closes the connection over a dot or a space in a topic";
  }
  return {};
}

}  // namespace bascule
