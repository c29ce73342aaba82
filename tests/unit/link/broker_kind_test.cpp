#include "link/broker_kind.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("broker kind: whose sessions outlive what they retain") {
  for (const bool knows_qos_2 : {false, true}) {
    CHECK(sessions_outlive_retained(BrokerKind::automatic, knows_qos_2) == !knows_qos_2);
    CHECK_FALSE(sessions_outlive_retained(BrokerKind::mosquitto, knows_qos_2));
    CHECK_FALSE(sessions_outlive_retained(BrokerKind::other, knows_qos_2));
    CHECK(sessions_outlive_retained(BrokerKind::rabbitmq, knows_qos_2));
    CHECK_FALSE(sessions_outlive_retained(BrokerKind::nats, knows_qos_2));
  }
}

TEST_CASE("broker kind: topics that it cannot carry") {
  CHECK(unfit_topic(BrokerKind::nats, "a/b-c_d*/~").empty());
  CHECK_FALSE(unfit_topic(BrokerKind::nats, "a/b.c").empty());
  CHECK_FALSE(unfit_topic(BrokerKind::nats, "a b/c").empty());
  CHECK(unfit_topic(BrokerKind::rabbitmq, "a b/c").empty());
  CHECK_FALSE(unfit_topic(BrokerKind::rabbitmq, "a/b.c").empty());
  CHECK_FALSE(unfit_topic(BrokerKind::rabbitmq, "a/b*c").empty());
  for (const BrokerKind kind : {BrokerKind::automatic, BrokerKind::mosquitto, BrokerKind::other}) {
    CHECK(unfit_topic(kind, "a.b c*d").empty());
  }
}
