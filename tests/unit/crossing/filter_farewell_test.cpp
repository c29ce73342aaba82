#include "crossing/filter_farewell.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>

#include "support/scripted_link.hpp"

using namespace bascule;
using namespace bascule::test;
using namespace std::chrono_literals;

namespace {

std::vector<Subscription> wanted(const std::vector<std::string>& filters) {
  std::vector<Subscription> list;
  for (const auto& filter : filters) list.emplace_back().filter = filter;
  return list;
}

// A session that holds a/# of an earlier configuration, where a/b/# is wanted now; the broker
// behind it answers when a test says so.
struct Session {
  std::vector<SubscriptionRow> rows{{1, 1, "a/#", true, true}};
  Subscriptions subscriptions{rows, wanted({"a/b/#"})};
  Exchange exchange{subscriptions.generation()};
  std::mutex mutex;
  std::vector<std::string> said, noted;
  ScriptedLink link;
  std::unique_ptr<FilterFarewell> farewell;

  // Where nothing else is said a word is waited for, and a filter's end is noted, much longer than
  // a test takes.
  explicit Session(FarewellPatience patience = {1h, 1h, 1ms, 1h}) {
    link.run([&] {
      farewell = std::make_unique<FilterFarewell>(
          exchange, subscriptions, link, [this](const std::string& word) { add(said, word); },
          [this](const std::string& filter) { add(noted, filter); }, patience);
    });
  }
  ~Session() {
    link.run([&] { farewell.reset(); });
  }
  void add(std::vector<std::string>& list, const std::string& text) {
    const std::lock_guard lock(mutex);
    list.push_back(text);
  }
  std::vector<std::string> take(std::vector<std::string>& list) {
    link.run([] {});
    const std::lock_guard lock(mutex);
    return std::exchange(list, {});
  }
  void connect(bool present = true, bool identifiers = true) {
    Limits limits;
    limits.session_present = present;
    limits.identifiers_available = identifiers;
    link.run([&] { farewell->connected(limits); });
    link.run([] {});  // what it has posted comes before what the broker says
    link.run([&] { farewell->subscribed(); });
  }
  void disconnect() {
    link.run([&] { farewell->disconnected(); });
  }
  void hear(const std::string& word) {
    farewell->listen(word);
    link.run([] {});
  }
  void gone(const std::string& filter) {
    link.run([&] { farewell->unsubscribed(filter); });
  }
  bool wait(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) link.run([] {});
    link.run([] {});  // to the end of what was seen in the middle
    return condition();
  }
  bool wait_noted(const std::vector<std::string>& filters) {
    return wait([&] {
      const std::lock_guard lock(mutex);
      return noted == filters;
    });
  }
};

using Lists = std::vector<std::vector<std::string>>;
using Words = std::vector<std::string>;
const Lists former{{"a/#"}};

}  // namespace

TEST_CASE("filter farewell: a former filter goes once the new ones have answered, and are heard") {
  Session session({1h, 1h, 1ms, 1ms});
  CHECK(session.exchange.under_way());
  session.connect();
  CHECK(session.take(session.said) == Words{session.exchange.both()});
  CHECK(session.link.take_unsubscribed().empty());
  session.hear("something else");
  CHECK(session.link.take_unsubscribed().empty());
  session.hear(session.exchange.both());
  CHECK(session.link.take_unsubscribed() == former);
  CHECK(session.take(session.said) == Words{session.exchange.over()});
  session.gone("a/#");
  CHECK(session.take(session.noted).empty());  // what it brought may not be acknowledged yet
  CHECK(session.exchange.under_way());
  session.hear(session.exchange.over());
  CHECK_FALSE(session.exchange.under_way());
  CHECK(session.wait_noted({"a/#"}));
  CHECK(session.link.take_unsubscribed().empty());
}

TEST_CASE("filter farewell: that a filter is gone is not noted before a while has passed") {
  Session session;
  session.connect();
  session.hear(session.exchange.both());
  session.hear(session.exchange.over());
  session.gone("a/#");
  CHECK(session.take(session.noted).empty());
  session.disconnect();  // then the next connection finds it out once more
  CHECK(session.take(session.noted).empty());
}

TEST_CASE(
    "filter farewell: without identifiers, and on a new session, there is nothing to wait for") {
  for (const bool present : {false, true}) {
    Session session;
    session.connect(present, !present);
    CHECK(session.link.take_unsubscribed() == former);
    CHECK(session.take(session.said).empty());
    CHECK_FALSE(session.exchange.under_way());
    session.gone("a/#");
    CHECK(session.take(session.noted) == Words{"a/#"});
  }
}

TEST_CASE("filter farewell: a new session forgets what crossed before it") {
  Session session;
  CHECK_FALSE(session.exchange.repeated(1, {5, 1, 0, false}, false));
  CHECK(session.exchange.remembers());
  session.connect(false, true);
  CHECK_FALSE(session.exchange.remembers());
}

TEST_CASE("filter farewell: where the bridge does not hear itself the filters go all the same") {
  Session session({0ms, 1h, 1ms, 1ms});
  session.connect();
  CHECK(session.wait([&] { return !session.exchange.under_way(); }));
  CHECK(session.link.take_unsubscribed() == former);
  CHECK(session.take(session.said) == Words{session.exchange.both()});
  session.gone("a/#");
  CHECK(session.wait_noted({"a/#"}));
}

TEST_CASE("filter farewell: a word is waited for as long as something is delivered, not for ever") {
  for (const bool for_ever : {false, true}) {
    Session session({1ms, for_ever ? 0s : 3'600s, 1ms, 1h});
    std::atomic<bool> comes = true;
    std::function<void()> deliver = [&] {  // between any two looks
      session.farewell->delivered();
      if (comes) session.link.loop().post(deliver);
    };
    session.link.run(deliver);
    session.connect();
    const auto end = std::chrono::steady_clock::now() + 100ms;
    while (std::chrono::steady_clock::now() < end) session.link.run([] {});
    if (!for_ever) CHECK(session.exchange.under_way());
    if (!for_ever) comes = false;
    CHECK(session.wait([&] { return !session.exchange.under_way(); }));
    CHECK(session.link.take_unsubscribed() == former);
    comes = false;
    session.link.run([] {});
    session.link.run([] {});
  }
}

TEST_CASE("filter farewell: a connection that ends meanwhile begins it anew on the next one") {
  Session session;
  session.connect();
  session.hear(session.exchange.both());
  CHECK(session.link.take_unsubscribed() == former);
  session.disconnect();
  session.hear(session.exchange.both());  // it was under way in between
  CHECK(session.link.take_unsubscribed().empty());
  session.take(session.said);
  session.connect();
  CHECK(session.take(session.said) == Words{session.exchange.both()});
  session.hear(session.exchange.both());
  CHECK(session.link.take_unsubscribed() == former);
}

TEST_CASE("filter farewell: the last word of an earlier connection ends it, too") {
  Session session;
  session.connect();
  session.hear(session.exchange.both());
  session.disconnect();
  session.hear(session.exchange.over());
  CHECK_FALSE(session.exchange.under_way());
  session.link.take_unsubscribed();
  session.take(session.said);
  session.connect();
  CHECK(session.link.take_unsubscribed() == former);
  CHECK(session.take(session.said).empty());
}

TEST_CASE("filter farewell: with nothing to part from nothing is said, and what is gone is noted") {
  Session session;
  session.rows = {{1, 1, "x", true, true}};
  Subscriptions others(session.rows, wanted({"x"}));
  Exchange exchange(others.generation());
  session.link.run([&] {
    session.farewell = std::make_unique<FilterFarewell>(
        exchange, others, session.link,
        [&](const std::string& word) { session.add(session.said, word); },
        [&](const std::string& filter) { session.add(session.noted, filter); });
  });
  CHECK_FALSE(exchange.under_way());
  session.connect();
  CHECK(session.take(session.said).empty());
  CHECK(session.link.take_unsubscribed().empty());
  session.gone("elsewhere");
  CHECK(session.take(session.noted) == Words{"elsewhere"});
  session.link.run([&] { session.farewell.reset(); });
}
