#include "crossing/subscriptions.hpp"

#include <doctest/doctest.h>

using namespace bascule;
using Origin = Subscriptions::Origin;

namespace {

std::vector<Subscription> wanted(const std::vector<std::string>& filters) {
  std::vector<Subscription> list;
  for (const auto& filter : filters) list.emplace_back().filter = filter;
  return list;
}

// A run of the bridge in which the broker grants everything; what the journal keeps of it.
std::vector<SubscriptionRow> run(std::vector<SubscriptionRow> known,
                                 const std::vector<std::string>& filters) {
  Subscriptions subscriptions(std::move(known), wanted(filters));
  for (const auto& filter : filters) {
    subscriptions.granted(filter, subscriptions.identifier(filter));
  }
  for (const auto& filter : subscriptions.unwanted()) subscriptions.unsubscribed(filter);
  return subscriptions.rows();
}

}  // namespace

TEST_CASE("subscriptions: the same configuration goes on with its identifiers") {
  const auto rows = run({}, {"a", "b/#"});
  Subscriptions again(rows, wanted({"a", "b/#"}));
  CHECK(again.rows() == rows);
  CHECK(again.unwanted().empty());
  CHECK(again.identifier("a") == 1);
  CHECK(again.identifier("b/#") == 2);
}

TEST_CASE("subscriptions: another configuration begins a new generation, and lets go of the rest") {
  const auto rows = run({}, {"a/#", "c"});
  Subscriptions now(rows, wanted({"a/b/#", "c"}));
  CHECK(now.unwanted() == std::vector<std::string>{"a/#"});
  CHECK(now.identifier("c") == 3);
  CHECK(now.identifier("a/b/#") == 4);
  CHECK(now.unsubscribed("a/#"));
  CHECK_FALSE(now.unsubscribed("c"));  // it is wanted
  CHECK(now.unwanted().empty());
}

TEST_CASE("subscriptions: of the copies for filters that overlap, the earliest filter's crosses") {
  const auto rows = run({}, {"a/#", "a/+/x", "b"});
  Subscriptions s(rows, wanted({"a/#", "a/+/x", "b"}));
  CHECK(s.source(1, "a/1/x").origin == Origin::wanted);
  CHECK(s.source(2, "a/1/x").origin == Origin::repeat);
  CHECK(s.source(3, "b").origin == Origin::wanted);
  CHECK(s.source(several_subscriptions, "a/1/x").origin == Origin::wanted);
  CHECK(s.source(0, "a/1/x").origin == Origin::wanted);
}

TEST_CASE("subscriptions: what was queued for a former configuration comes once, or is told") {
  const auto rows = run({}, {"a/#", "a/b/#"});
  Subscriptions now(rows, wanted({"a/b/#"}));
  CHECK(now.source(1, "a/b/x").origin == Origin::wanted);  // the copies of the former generation
  CHECK(now.source(2, "a/b/x").origin == Origin::repeat);
  CHECK(now.source(3, "a/b/x").origin == Origin::wanted);  // of now
  const auto former = now.source(1, "a/c");
  CHECK(former.origin == Origin::former);
  CHECK(former.filter == "a/#");
  CHECK(former.held);
  now.unsubscribed("a/#");
  CHECK_FALSE(now.source(1, "a/c").held);
  CHECK(now.source(0, "a/c").origin == Origin::former);  // MQTT 3.1.1 has no identifiers
  CHECK(now.source(0, "z").origin == Origin::unknown);
  CHECK(now.source(99, "z").origin == Origin::unknown);
}

TEST_CASE("subscriptions: what the session has already comes first, in the order that it had") {
  const auto rows = run({}, {"a/+", "a/b", "c"});
  Subscriptions now(rows, wanted({"a/#", "c", "a/b", "a/+"}));
  std::vector<std::string> order;
  for (const auto& one : now.wanted()) order.push_back(one.filter);
  CHECK(order == std::vector<std::string>{"a/+", "a/b", "c", "a/#"});
  CHECK(now.identifier("a/+") == 4);
  CHECK(now.identifier("a/#") == 7);
  CHECK(now.generation() == 2);
  now.granted("a/+", 4);
  CHECK(now.source(7, "a/b").origin == Origin::repeat);
  const auto settled = run(rows, {"a/#", "c", "a/b", "a/+"});
  Subscriptions again(settled, wanted({"a/#", "c", "a/b", "a/+"}));
  CHECK(again.generation() == 2);
  CHECK(again.rows() == settled);
}

TEST_CASE("subscriptions: a former filter takes leave if it overlaps with one that is wanted") {
  const auto rows = run({}, {"a/#", "b/+", "c"});
  Subscriptions now(rows, wanted({"a/b/#", "c"}));
  CHECK(now.unwanted() == std::vector<std::string>{"a/#", "b/+"});
  CHECK(now.exchanged() == std::vector<std::string>{"a/#"});
  CHECK(now.not_exchanged() == std::vector<std::string>{"b/+"});
  CHECK(now.source(1, "a/b/x").filter_number == 1);
  CHECK(now.source(4, "c").filter_number == 3);  // as before, by another identifier
  CHECK(now.source(3, "c").filter_number == 3);
  CHECK(now.source(99, "c").filter_number == 0);
  now.unsubscribed("a/#");
  CHECK(now.exchanged().empty());
}

TEST_CASE("subscriptions: nothing is a repeat of what was refused, or subscribed later") {
  Subscriptions s({}, wanted({"a/#", "a/b"}));
  CHECK(s.granted("a/b", 2));
  CHECK(s.source(2, "a/b").origin == Origin::wanted);  // a/# has not been granted
  CHECK(s.failed("a/#"));
  CHECK(s.identifier("a/#") == 3);
  CHECK_FALSE(s.granted("a/#", 1));              // of before it had its new identifier
  CHECK(s.source(1, "a/c").filter_number == 1);  // it may have been taken all the same
  CHECK(s.source(3, "a/c").filter_number == 1);
  CHECK(s.granted("a/#", 3));
  CHECK(s.source(2, "a/b").origin == Origin::wanted);
  CHECK(s.source(3, "a/b").origin == Origin::repeat);  // a/b is there for longer
  CHECK(s.source(3, "a/c").origin == Origin::wanted);
  Subscriptions again(s.rows(), wanted({"a/#", "a/b"}));
  CHECK(again.identifier("a/b") == 2);  // that is the order now
  CHECK(again.identifier("a/#") == 3);
}

TEST_CASE("subscriptions: old generations are forgotten, but not what may still be held") {
  auto rows = run({}, {"first"});
  Subscriptions second(rows, wanted({"a0"}));  // never unsubscribes
  rows = second.rows();
  for (int i = 1; i < 10; ++i) {
    const std::string filter = "a" + std::to_string(i);
    Subscriptions next(rows, wanted({filter}));
    next.granted(filter, next.identifier(filter));
    for (int k = 0; k < i; ++k) next.unsubscribed("a" + std::to_string(k));
    rows = next.rows();
  }
  CHECK(rows.size() == 1 + Subscriptions::generations_kept);
  CHECK(rows[0].filter == "first");
}

TEST_CASE("subscriptions: only what has changed is to be kept again") {
  std::vector<std::string> filters;
  for (int i = 0; i < 1'000; ++i) filters.push_back("device" + std::to_string(i) + "/#");
  Subscriptions s({}, wanted(filters));
  CHECK(s.changes().rows.empty());  // rows() was kept as a whole
  CHECK(s.granted("device7/#", 8));
  CHECK(s.failed("device3/#"));
  const auto changes = s.changes();
  CHECK(changes.rows.size() == 2);
  CHECK(changes.gone == std::vector<std::uint32_t>{4});
  CHECK(s.granted("device3/#", 1'001));
  s.kept(changes);
  REQUIRE(s.changes().rows.size() == 1);  // it was granted after that
  CHECK(s.changes().rows.front().identifier == 1'001);
  s.kept(s.changes());
  CHECK(s.changes().rows.empty());
}
