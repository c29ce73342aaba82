#include "crossing/intake.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "journal/lane/record.hpp"
#include "message/properties.hpp"
#include "message/stamp.hpp"
#include "support/intake_case.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("intake: a redelivery is known though its expiry has counted down meanwhile") {
  Bank bank;
  const std::string user = user_property_block("a", "b");
  const std::string before = expiry_property(90) + user, after = expiry_property(60) + user;
  bank.deliver({{"sales/1", "x", before, Qos::at_least_once, false}}, 7);
  bank.deliver({{"sales/1", "x", after, Qos::at_least_once, false}}, 7, true);
  CHECK(bank.tally().repeats == 1);
  bank.deliver({{"sales/1", "x", expiry_property(60), Qos::at_least_once, false}}, 7, true);
  CHECK(bank.tally().repeats == 1);  // another one
}

TEST_CASE("intake: a group goes where its routes say, and is acknowledged by its last tag") {
  Bank bank;
  bank.deliver({message("sales/1", "a"), message("capped", "b"), message("sales/2/x", "c")});
  const auto sales = bank.stored("sales");
  REQUIRE(sales.size() == 2);
  CHECK(sales[0].topic == "stores/store-42/1");
  CHECK(sales[0].payload == "a");
  CHECK(sales[1].topic == "stores/store-42/2/x");
  CHECK(bank.stored().size() == 1);
  CHECK(bank.link.acknowledged() == std::vector<std::uint64_t>{3});
  CHECK(bank.report().received[Direction::up] == 3);
}

TEST_CASE("intake: acknowledged is what is committed, never what is only appended") {
  Bank bank;
  std::vector<std::uint64_t> commits;
  JournalCore* core = nullptr;
  bank.journal->inspect([&](JournalCore& journal) { core = &journal; });
  bool pending = false;
  bank.link.on_acknowledge = [&](std::uint64_t) { pending = pending || core->must_commit(); };
  for (int i = 0; i < 5; ++i) bank.deliver({message("sales/1", std::to_string(i))});
  CHECK(bank.link.acknowledged().size() == 5);
  CHECK_FALSE(pending);
}

TEST_CASE("intake: what no route takes is counted and acknowledged") {
  Bank bank;
  bank.deliver({message("elsewhere", "x")});
  CHECK(bank.tally().unrouted == 1);
  CHECK(bank.link.acknowledged().size() == 1);
}

TEST_CASE("intake: what can never cross is quarantined with its reason and acknowledged") {
  Bank bank;
  std::vector<std::string> told;
  bank.intake.on_quarantined = [&](std::string_view topic, const std::string& reason) {
    told.push_back(std::string(topic) + ": " + reason);
  };
  const std::string large(1'001, 'x');
  bank.deliver({message("sales/+", "a"),
                message("sales/\xff", "b"),
                message("", "c"),
                message("sales/1", large),
                {"sales/1", "d", std::string_view("\x0B\x01", 2), Qos::at_least_once, false},
                message("bare/", "e")});
  CHECK(bank.tally().refused == 6);
  CHECK(bank.stored("sales").empty());
  CHECK(bank.link.acknowledged() == std::vector<std::uint64_t>{6});
  const auto aside = bank.journal.quarantined();
  REQUIRE(aside.size() == 6);
  CHECK(aside[0].reason.starts_with("illegal topic: "));
  CHECK(aside[0].topic == "sales/+");
  CHECK(aside[1].reason.starts_with("illegal topic: "));
  CHECK(aside[1].topic == "sales/\xff");
  CHECK(aside[3].reason == "payload of 1001 bytes is over max_payload");
  CHECK(aside[3].size == 1'001);
  CHECK(aside[4].reason == "illegal properties");
  CHECK(aside[5].reason == "the route's target is no valid topic");
  REQUIRE(told.size() == aside.size());
  for (std::size_t i = 0; i < told.size(); ++i) {
    CHECK(told[i] == aside[i].topic + ": " + aside[i].reason);
  }
}

TEST_CASE("intake: a capture leads to no topic under $") {
  Bank bank;
  bank.deliver({message("bare/$CONTROL/dynamic-security/v1", "{}"), message("bare/x", "y")});
  CHECK(bank.tally().refused == 1);
  CHECK(bank.stored().size() == 1);
  const auto aside = bank.journal.quarantined();
  REQUIRE(aside.size() == 1);
  CHECK(aside[0].reason == "the target would be under $, which the route's 'to' does not name");
}

TEST_CASE("intake: a route may ask for more than a message was published at") {
  Bank bank;
  bank.deliver({message("raised", "a", Qos::at_most_once)});
  bank.deliver({message("raised", "b", Qos::exactly_once)}, 1);
  const auto stored = bank.stored();
  REQUIRE(stored.size() == 2);
  CHECK(stored[0].qos == Qos::at_least_once);
  CHECK(stored[1].qos == Qos::exactly_once);
}

TEST_CASE("intake: a redelivery is dropped, a new message under an old packet id is not") {
  Bank bank;
  bank.deliver({message("sales/1", "a")}, 7);
  bank.deliver({message("sales/1", "a")}, 7, true);
  CHECK(bank.tally().repeats == 1);
  bank.deliver({message("sales/1", "b")}, 7, true);
  bank.deliver({message("sales/1", "b")}, 7);
  CHECK(bank.stored("sales").size() == 3);
}

TEST_CASE("intake: QoS is capped, never raised") {
  Bank bank;
  bank.deliver({message("capped", "a", Qos::exactly_once)}, 1);
  bank.deliver({message("capped", "b", Qos::at_most_once)});
  bank.deliver({message("kept", "c", Qos::exactly_once)}, 2);
  const auto stored = bank.stored();
  REQUIRE(stored.size() == 3);
  CHECK(stored[0].qos == Qos::at_least_once);
  CHECK(stored[1].qos == Qos::at_most_once);
  CHECK(stored[2].qos == Qos::exactly_once);
}

TEST_CASE("intake: at QoS 2 an id is a repeat until it is released, and all is acknowledged") {
  Bank bank;
  bank.deliver({message("kept", "a", Qos::exactly_once)}, 7);
  bank.deliver({message("kept", "b", Qos::exactly_once)}, 7);
  CHECK(bank.stored().size() == 1);
  CHECK(bank.tally().repeats == 1);
  Delivery release;
  release.packet_id = 7;
  release.released = true;
  release.tag = ++bank.tag;
  bank.intake.deliver({&release, 1}, [](const Message&) {});
  bank.journal.settle();
  bank.deliver({message("kept", "a", Qos::exactly_once)}, 7, true);
  CHECK(bank.stored().size() == 2);
  CHECK(bank.link.acknowledged().back() == bank.tag);
}

TEST_CASE("intake: retain is kept, cleared or set as the route says") {
  Bank bank;
  bank.intake.expect_replayed(false);
  for (const bool retain : {false, true}) {
    for (const char* topic : {"kept", "cleared", "set"}) {
      bank.deliver({message(topic, retain ? "1" : "0", Qos::at_least_once, retain)});
    }
  }
  const auto stored = bank.stored();
  REQUIRE(stored.size() == 6);
  std::string flags;
  for (const Sent& sent : stored) flags += sent.retain ? '1' : '0';
  CHECK(flags == "001101");
}

TEST_CASE("intake: a retained value that a subscription brings again unchanged does not cross") {
  for (const char* topic : {"kept", "cleared", "set"}) {
    CAPTURE(topic);
    Bank bank;
    const Message value = message(topic, "on", Qos::at_least_once, true);
    bank.deliver({value});
    CHECK(bank.stored().size() == 1);
    bank.deliver({value});
    CHECK(bank.tally().repeats == 1);
    CHECK(bank.stored().size() == 1);
    bank.deliver({message(topic, "off", Qos::at_least_once, true)});
    CHECK(bank.stored().size() == 2);
    bank.intake.expect_replayed(false);
    bank.deliver({message(topic, "off", Qos::at_least_once, true)});
    CHECK(bank.stored().size() == 3);
  }
}

TEST_CASE("intake: the bridge's own messages are shown, not routed") {
  Bank bank;
  bank.deliver({message("bascule/store-42/bookmark/down", "x"), message("bascule/store-4/x", "y")});
  CHECK(bank.own == std::vector<std::string>{"bascule/store-42/bookmark/down=x"});
  CHECK(bank.tally().unrouted == 1);
  CHECK(bank.report().received[Direction::up] == 1);
  CHECK(bank.link.acknowledged() == std::vector<std::uint64_t>{2});
}

TEST_CASE("intake: with the journal full nothing is acknowledged until the link may go on") {
  LaneSettings sales = lane_settings("sales");
  sales.max_size_bytes = 150;
  Bank bank({}, {sales});
  bank.deliver({message("sales/1", std::string(60, 'x'))});
  CHECK(bank.link.acknowledged().size() == 1);
  bank.deliver({message("capped", "fits"), message("sales/1", std::string(60, 'x'))});
  CHECK(bank.link.acknowledged().size() == 1);
  REQUIRE(bank.link.dropped().size() == 1);
  CHECK(bank.link.dropped()[0].find("full") != std::string::npos);
  CHECK(bank.stored().empty());
  CHECK(bank.report().received[Direction::up] == 1);
  CHECK(bank.link.gone_on == 0);
  Progress crossed;
  crossed.lane = bank.journal->lane(Direction::up, "sales");
  crossed.parts.push_back({1, 1, 1'000, Fate::forwarded});
  bank.journal->progress(std::move(crossed));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (bank.link.gone_on == 0 && std::chrono::steady_clock::now() < end) bank.journal.settle();
  CHECK(bank.link.gone_on == 1);
}

TEST_CASE("intake: a copy for an overlapping subscription crosses once") {
  std::vector<Subscription> wanted(2);
  wanted[0].filter = "sales/#";
  wanted[1].filter = "sales/+";
  Subscriptions subscriptions({}, wanted);
  subscriptions.granted("sales/#", 1);
  subscriptions.granted("sales/+", 2);
  Bank bank(&subscriptions);
  for (const std::uint32_t identifier : {2u, 1u, several_subscriptions}) {
    bank.deliver_for(identifier, {"sales/1", "x", "", Qos::at_least_once, false});
  }
  CHECK(bank.stored("sales").size() == 2);
  CHECK(bank.journal->report().tallies[Direction::up].repeats == 1);
}

TEST_CASE("intake: what came for a filter of before is quarantined with that reason, not dropped") {
  std::vector<Subscription> wanted(1);
  wanted[0].filter = "sales/#";
  Subscriptions subscriptions({{1, 1, "old/#", true, true}}, wanted);
  Bank bank(&subscriptions);
  std::vector<std::string> strays;
  bank.intake.on_stray = [&](const std::string& topic) { strays.push_back(topic); };
  bank.deliver_for(1, {"old/a", "x", "", Qos::at_least_once, false});
  bank.deliver_for(0, {"foreign/a", "x", "", Qos::at_least_once, false});
  bank.deliver_for(2, {"sales/a", "x", "", Qos::at_least_once, false});
  CHECK(strays == std::vector<std::string>{"foreign/a"});
  std::vector<std::string> reasons;
  bank.journal->inspect([&](JournalCore& core) {
    for (const QuarantineEntry& entry : core.store().quarantine().newest(10)) {
      reasons.push_back(entry.reason);
    }
  });
  REQUIRE(reasons.size() == 2);
  CHECK(reasons[1].find("it came for old/#, of an earlier configuration") != std::string::npos);
  CHECK(reasons[0].find("this journal does not know") != std::string::npos);
  CHECK(bank.journal->report().tallies[Direction::up].unrouted == 0);
  CHECK(bank.journal->report().tallies[Direction::up].refused == 2);
}

TEST_CASE("intake: what comes over MQTT 3.1.1 for a filter that is held no more is told") {
  std::vector<Subscription> wanted(1);
  wanted[0].filter = "sales/#";
  for (const bool held : {true, false}) {
    for (const bool unmarked : {true, false}) {
      Subscriptions subscriptions({{1, 1, "old/#", true, held}}, wanted);
      Bank bank(&subscriptions);
      std::vector<std::string> former;
      bank.intake.on_former = [&](const std::string& filter) { former.push_back(filter); };
      bank.intake.expect_unmarked(unmarked);
      bank.deliver_for(0, {"old/a", "x", "", Qos::at_least_once, false});
      CHECK(former.size() == (unmarked && !held ? 1 : 0));
      if (!former.empty()) CHECK(former[0] == "old/#");
    }
  }
}

TEST_CASE("intake: of a message that is too large to be taken in, the quarantine says which") {
  Bank bank;
  Delivery delivery;
  delivery.message = {"sales/1", "head", "", Qos::at_least_once, false};
  delivery.tag = 1;
  delivery.whole_bytes = 5'000'000;
  delivery.digest = "c0ffee";
  bank.intake.deliver({&delivery, 1}, [](const Message&) {});
  bank.journal.settle();
  bank.journal->inspect([&](JournalCore& core) {
    const auto list = core.store().quarantine().newest(10);
    REQUIRE(list.size() == 1);
    CHECK(list[0].size == 5'000'000);
    CHECK(list[0].payload == "head");
    CHECK(list[0].reason.find("c0ffee") != std::string::npos);
  });
  CHECK(bank.link.acknowledged().back() == 1);
}

TEST_CASE("intake: what a comparison finds goes where its route says, at QoS 1, if it can cross") {
  Bank bank;
  std::string looped;
  Prover prover;
  restamp(message("cleared", "mine"), {"store-42", "0123456789abcdef", "default", 7, 1}, 0, prover,
          looped);
  const std::vector<Message> messages = {
      message("kept", "a", Qos::at_most_once, true),
      message("sales/1", "b", Qos::at_most_once, true),
      message("kept", "live", Qos::at_most_once, false),
      message("nowhere", "x", Qos::at_most_once, true),
      message("bascule/store-42/state", "x", Qos::at_most_once, true),
      message("set", std::string(1'001, 'x'), Qos::at_most_once, true),
      {"cleared", "mine", looped, Qos::at_most_once, true},  // ours, come back
      {"cleared", "copied", looped, Qos::at_most_once, true}};
  std::vector<Delivery> deliveries;
  for (const Message& one : messages) deliveries.emplace_back().message = one;
  const Intake::Compared compared = bank.intake.compared(deliveries);
  const AppendGroup& group = compared.group;
  CHECK(compared.unfit == 1);
  CHECK(compared.filters == std::set<std::string>{"cleared", "kept", "sales/#", "set"});
  CHECK(bank.intake.filter_of("sales/7") == "sales/#");
  CHECK(bank.intake.filter_of("nowhere").empty());
  CHECK(group.received == 0);
  REQUIRE(group.entries.size() == 5);
  const auto record = [&](const Append& entry) {
    return read_record(std::string_view(group.bytes).substr(entry.offset, entry.length));
  };
  const auto topic = [&](const Append& entry) {
    return group.bytes.substr(entry.topic_at, entry.topic_length);
  };
  CHECK(record(group.entries[0]).message.payload == "a");
  CHECK(record(group.entries[0]).message.qos == Qos::at_least_once);
  CHECK(record(group.entries[1]).message.topic == "stores/store-42/1");
  CHECK(topic(group.entries[1]) == "sales/1");
  CHECK(group.entries[1].arrival == Arrival::compared);
  // What is too large, and what has come back, is there, and does not cross.
  CHECK(group.entries[2].arrival == Arrival::present);
  CHECK(topic(group.entries[2]) == "set");
  CHECK(group.entries[3].arrival == Arrival::present);
  CHECK(topic(group.entries[3]) == "cleared");
  CHECK(record(group.entries[4]).message.payload == "copied");
  CHECK(record(group.entries[4]).message.properties.empty());
  AppendGroup whole = group;
  bank.journal->inspect([&](JournalCore& core) {
    core.retained().begin(Direction::up);
    core.sift(whole);
    core.retained().close(Direction::up);
  });
  CHECK(whole.entries.size() == 3);
}

TEST_CASE("intake: what is gone is cleared at its target, with the books in balance") {
  Bank bank;
  bank.intake.expect_replayed(false);
  bank.deliver({message("sales/1", "b", Qos::at_least_once, true)});
  const auto clear = [&] {
    const std::vector<std::string> gone = {"sales/1", "nowhere"};
    bank.journal->append(bank.intake.cleared(gone), [](AppendResult) {});
    bank.journal->append(bank.intake.cleared(Retained::Targets{{"old/place", 1}}),
                         [](AppendResult) {});
    bank.journal.settle();
  };
  bank.journal->inspect([](JournalCore& core) { core.retained().begin(Direction::up); });
  clear();
  const auto sales = bank.stored("sales");
  REQUIRE(sales.size() == 2);
  CHECK(sales[1].topic == "stores/store-42/1");
  CHECK(sales[1].payload.empty());
  CHECK(sales[1].retain);
  const auto other = bank.stored();
  REQUIRE(other.size() == 1);
  CHECK(other[0].topic == "old/place");
  CHECK(bank.tally().emitted == 2);
  bank.deliver({message("sales/1", "c", Qos::at_least_once, true)});
  CHECK(bank.stored("sales").size() == 3);
}

TEST_CASE("intake: where the broker marks nothing, what it brings is newer than a comparison's") {
  Bank bank;
  bank.intake.expect_unmarked(true);
  bank.journal->inspect([](JournalCore& core) { core.retained().begin(Direction::up); });
  bank.deliver({message("kept", "live", Qos::at_least_once, false)});
  Delivery older;
  older.message = message("kept", "older", Qos::at_most_once, true);
  Intake::Compared compared = bank.intake.compared({&older, 1});
  bank.journal->inspect([&](JournalCore& core) {
    core.sift(compared.group);
    CHECK(compared.group.entries.empty());
    CHECK_FALSE(core.store().retained().find(Direction::up, "kept"));
  });
}

TEST_CASE(
    "intake: what a former session has brought is a repeat, as often as it came, up to a word") {
  Bank bank;
  bank.intake.expect_replayed(false);
  const Message first = message("sales/1", "a");
  const Message second = message("sales/1", "b");
  bank.intake.expect_copies({{digest_of(first), digest_of(second), digest_of(second)}, "the word"});
  bank.deliver({first, first, second, message("sales/1", "c")});
  CHECK(bank.tally().repeats == 2);
  CHECK(bank.stored("sales").size() == 2);
  const std::string own = "bascule/store-42/bookmark/up";
  bank.deliver({message(own, "another word"), second});
  CHECK(bank.tally().repeats == 3);
  bank.deliver({message(own, "the word"), second});
  CHECK(bank.tally().repeats == 3);
  CHECK(bank.stored("sales").size() == 3);
}

TEST_CASE("intake: without the session that held them there are no copies") {
  Bank bank;
  const Message first = message("sales/1", "a");
  bank.intake.expect_copies({{digest_of(first)}, "the word"});
  bank.intake.expect_no_copies();
  bank.deliver({first});
  CHECK(bank.stored("sales").size() == 1);
}

TEST_CASE("intake: what the bridge says on the admin's topics never crosses, what is beside does") {
  Bank bank;
  Route& all = bank.routes.emplace_back();
  all.name = "all";
  all.from = all.to = "{rest...}";
  OwnTopics own;
  own.prefix = "devices/42";
  own.state.topic = "alive/42";
  own.bookmark.on = false;
  Intake guest({.bridge_id = "store-42", .max_payload_bytes = 1'000, .own_topics = own},
               bank.routes, RouteTable(bank.routes, Direction::up, "store-42"), *bank.journal,
               bank.link);
  std::vector<std::string> shown;
  std::vector<Delivery> deliveries;
  for (const char* topic : {"alive/42", "devices/42/events", "devices/42/bookmark/up",
                            "bascule/store-42/state", "devices/42/temperature"}) {
    Delivery& delivery = deliveries.emplace_back();
    delivery.message = message(topic, "x");
    delivery.tag = deliveries.size();
  }
  guest.deliver(deliveries, [&](const Message& own) { shown.emplace_back(own.topic); });
  bank.journal.settle();
  CHECK(shown.size() == 4);
  const auto crossed = bank.stored();
  REQUIRE(crossed.size() == 1);
  CHECK(crossed[0].topic == "devices/42/temperature");
}
