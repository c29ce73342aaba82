#include "link/subscriber.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

using namespace bascule;
using namespace std::chrono_literals;
using State = SubscriptionStatus::State;

namespace {

struct Case {
  explicit Case(std::vector<Subscription> list)
      : wanted(std::move(list)), subscriber(wanted, doubts) {}
  void begin(Qos qos_max = Qos::exactly_once, Protocol protocol = Protocol::v5) {
    Limits limits;
    limits.maximum_qos = qos_max;
    limits.protocol = protocol;
    subscriber.begin(limits, now);
  }
  // What is asked now: index and QoS.
  std::vector<std::pair<std::size_t, int>> due() {
    std::vector<std::pair<std::size_t, int>> asks;
    for (const auto& ask : subscriber.due(now)) asks.emplace_back(ask.index, int(ask.qos));
    return asks;
  }
  using Asks = std::vector<std::pair<std::size_t, int>>;

  std::vector<Subscription> wanted;
  SubscribeDoubts doubts;
  Subscriber::Time now{1h};
  Subscriber subscriber;
};

Subscription one(const std::string& filter, Qos qos = Qos::at_least_once) {
  Subscription subscription;
  subscription.filter = filter;
  subscription.qos = qos;
  return subscription;
}

}  // namespace

TEST_CASE("subscriber: of a list that changes only what is new is asked for") {
  Case c({one("a"), one("b"), one("c"), one("d")});
  c.begin();
  c.due();
  for (const std::size_t index : {0, 1, 2}) CHECK(c.subscriber.answered(index, 1, "", c.now));
  c.subscriber.take_changes();
  Limits limits;
  SUBCASE("by filter, and by what else it was asked with") {
    const auto before =
        std::exchange(c.wanted, {one("c"), one("d"), one("b", Qos::exactly_once), one("e")});
    c.subscriber.change(before, limits, c.now);
    CHECK(c.due() == Case::Asks{{1, 1}, {2, 2}, {3, 1}});
    CHECK_FALSE(c.subscriber.settled());
    const auto changes = c.subscriber.take_changes();
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].filter == "c");
    CHECK(changes[0].state == State::granted);
    for (const std::size_t index : {1, 2, 3}) CHECK(c.subscriber.answered(index, 1, "", c.now));
    CHECK(c.subscriber.settled());
  }
  SUBCASE("an identifier counts where the broker gives it back") {
    for (const bool counts : {true, false}) {
      auto wanted = std::vector{one("a"), one("b"), one("c")};
      wanted[1].identifier = counts ? 7 : 8;
      const auto before = std::exchange(c.wanted, wanted);
      limits.identifiers_available = counts;
      c.subscriber.change(before, limits, c.now);
      CHECK(c.due() == (counts ? Case::Asks{{1, 1}} : Case::Asks{}));
      if (counts) CHECK(c.subscriber.answered(1, 1, "", c.now));
    }
    CHECK(c.subscriber.settled());
  }
}

TEST_CASE("subscriber: all are asked for, and it is settled when all are answered") {
  Case c({one("a"), one("b", Qos::exactly_once)});
  c.begin();
  CHECK(c.due() == Case::Asks{{0, 1}, {1, 2}});
  CHECK(c.due().empty());
  CHECK_FALSE(c.subscriber.settled());
  CHECK(c.subscriber.answered(0, 1, "", c.now));
  CHECK_FALSE(c.subscriber.answered(0, 1, "", c.now));
  CHECK(c.subscriber.answered(1, 2, "", c.now));
  CHECK(c.subscriber.settled());
  CHECK_FALSE(c.subscriber.without_qos_2());
  const auto changes = c.subscriber.take_changes();
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].state == State::granted);
  CHECK(c.subscriber.take_changes().empty());
}

TEST_CASE("subscriber: no more is asked for than CONNACK allows") {
  Case c({one("a", Qos::exactly_once)});
  c.begin(Qos::at_least_once);
  CHECK(c.due() == Case::Asks{{0, 1}});
}

TEST_CASE("subscriber: who does not answer at QoS 2 is asked at QoS 1") {
  Case c({one("a", Qos::exactly_once)});
  c.begin();
  c.due();
  c.now += 5s;
  CHECK(c.due().empty());
  CHECK_FALSE(c.subscriber.settled());
  c.now += 1s;
  c.due();
  CHECK(c.subscriber.without_qos_2());
  c.now += 1s;
  CHECK(c.due() == Case::Asks{{0, 1}});
  CHECK_FALSE(c.subscriber.settled());  // what came before it is in place would be lost
  CHECK(c.subscriber.answered(0, 1, "", c.now));
  CHECK(c.subscriber.settled());
  c.now += 1h;
  CHECK(c.due().empty());
}

TEST_CASE("subscriber: who does not answer at all holds up nothing for long") {
  Case c({one("a", Qos::exactly_once)});
  c.begin();
  c.due();
  c.now += 6s;
  c.due();
  c.now += 1s;
  CHECK(c.due() == Case::Asks{{0, 1}});
  c.now += 6s;
  c.due();
  CHECK(c.subscriber.settled());
  CHECK(c.subscriber.take_changes().back().state == State::unanswered);
}

TEST_CASE("subscriber: a refused filter is asked for again, at growing intervals") {
  Case c({one("a"), one("b")});
  c.begin();
  c.due();
  c.subscriber.answered(0, 0x87, "no", c.now);
  c.subscriber.answered(1, 1, "", c.now);
  CHECK(c.subscriber.settled());
  const auto changes = c.subscriber.take_changes();
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].state == State::refused);
  CHECK(changes[0].why == "not authorized (0x87): no");
  c.now += 9s;
  CHECK(c.due().empty());
  c.now += 1s;
  CHECK(c.due() == Case::Asks{{0, 1}});
  c.subscriber.answered(0, 0x87, "no", c.now);
  c.now += 19s;
  CHECK(c.due().empty());
  c.now += 1s;
  CHECK(c.due() == Case::Asks{{0, 1}});
  c.subscriber.answered(0, 1, "", c.now);
  CHECK(c.subscriber.take_changes().back().state == State::granted);
}

TEST_CASE("subscriber: in MQTT 3.1.1 the grant says that a broker does not know QoS 2") {
  Case c({one("a", Qos::exactly_once)});
  c.begin(Qos::exactly_once, Protocol::v3_1_1);
  c.due();
  c.subscriber.answered(0, 1, "", c.now);
  CHECK(c.subscriber.without_qos_2());
}

TEST_CASE("subscriber: a filter over which the broker closes the connection costs nothing else") {
  Case c({one("a"), one("denied"), one("b")});
  for (int closure = 0; closure < 3; ++closure) {
    c.begin();
    CHECK(c.due() == Case::Asks{{0, 1}, {1, 1}, {2, 1}});
    c.subscriber.closed(c.now);
  }
  for (int closure = 0; closure < 3; ++closure) {  // from now on one by one
    c.begin();
    CHECK(c.due() == Case::Asks{{0, 1}});
    CHECK(c.due().empty());
    CHECK(c.subscriber.answered(0, 1, "", c.now));
    CHECK(c.due() == Case::Asks{{1, 1}});
    c.subscriber.closed(c.now);
  }
  c.begin();
  CHECK(c.due() == Case::Asks{{0, 1}});
  CHECK(c.subscriber.answered(0, 1, "", c.now));
  CHECK(c.due() == Case::Asks{{2, 1}});
  CHECK(c.subscriber.answered(2, 1, "", c.now));
  CHECK(c.subscriber.settled());
  const auto changes = c.subscriber.take_changes();
  const auto denied = std::ranges::find(changes, "denied", &SubscriptionStatus::filter);
  REQUIRE(denied != changes.end());
  CHECK(denied->state == State::refused);
  CHECK(denied->why == "the broker closes the connection over it");

  c.now += SubscribeDoubts::wait_min;  // again, alone; and then after twice the time
  CHECK(c.due() == Case::Asks{{1, 1}});
  c.subscriber.closed(c.now);
  c.begin();
  CHECK(c.due() == Case::Asks{{0, 1}, {2, 1}});
  CHECK(c.subscriber.answered(0, 1, "", c.now));
  CHECK(c.subscriber.answered(2, 1, "", c.now));
  c.now += SubscribeDoubts::wait_min;
  CHECK(c.due().empty());
  c.now += SubscribeDoubts::wait_min;
  CHECK(c.due() == Case::Asks{{1, 1}});
  CHECK(c.subscriber.answered(1, 1, "", c.now));  // mended
  c.begin();
  CHECK(c.due() == Case::Asks{{0, 1}, {1, 1}, {2, 1}});
}

TEST_CASE("subscriber: a connection that is closed with everything answered is nobody's fault") {
  Case c({one("a"), one("b")});
  for (int closure = 0; closure < 5; ++closure) {
    c.begin();
    CHECK(c.due() == Case::Asks{{0, 1}, {1, 1}});
    CHECK(c.subscriber.answered(0, 1, "", c.now));
    CHECK(c.subscriber.answered(1, 1, "", c.now));
    c.subscriber.closed(c.now);
  }
}
