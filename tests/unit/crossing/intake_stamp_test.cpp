// What an intake makes of stamps (P5).
#include <map>

#include "message/properties.hpp"
#include "message/stamp.hpp"
#include "support/intake_case.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

// The properties of a message on `topic` that has passed these bridges, the last of which wrote
// `sequence` on it.
std::string passed_over(const std::vector<std::string>& bridges, std::uint64_t sequence,
                        std::string_view topic, std::string_view payload,
                        std::string_view key = {}) {
  Prover prover(key);
  std::string block, next;
  for (const std::string& id : bridges) {
    restamp({topic, payload, block, Qos::at_least_once, false},
            {id, "5f3a9c1e0d2b4a67", "sales", sequence, 1'763'817'600'123}, 0, prover, next);
    std::swap(block, next);
  }
  return block;
}

std::map<std::string, std::uint64_t> ledger(Bank& bank) {
  std::map<std::string, std::uint64_t> counts;
  bank.journal->inspect([&](JournalCore& core) {
    for (const RepeatCount& count : core.repeat_ledger().counts()) {
      counts[std::string(word_of(repeat_words, count.kind)) + " " + count.source] = count.count;
    }
  });
  return counts;
}

}  // namespace

TEST_CASE("intake: what this bridge forwarded before is a repeat, and so is what went too far") {
  Bank bank;
  const auto deliver = [&](const std::vector<std::string>& bridges, std::uint64_t sequence) {
    const std::string properties = passed_over(bridges, sequence, "sales/1", "x");
    bank.deliver({{"sales/1", "x", properties, Qos::at_least_once, false}});
    return bank.tally().repeats;
  };
  CHECK(deliver({"store-42"}, 1) == 1);
  CHECK(deliver({"far", "store-42", "hub"}, 2) == 2);
  CHECK(deliver({"a", "b", "c", "d", "e", "f", "g", "hub"}, 3) == 3);
  CHECK(deliver({"a", "b", "c", "d", "e", "f", "hub"}, 4) == 3);
  CHECK(deliver({"a", "hub"}, 4) == 4);  // the same again
  CHECK(deliver({"a", "hub"}, 5) == 4);
  CHECK(bank.stored("sales").size() == 2);
  CHECK(bank.link.acknowledged().size() == 6);
  CHECK(ledger(bank) ==
        std::map<std::string, std::uint64_t>{
            {"looped hub", 2}, {"looped store-42", 1}, {"resent hub/5f3a9c1e0d2b4a67/sales", 1}});
  CHECK(bank.report().looped[Direction::up] == 3);
}

TEST_CASE("intake: a message with the stamp of another one is new, and crosses without it") {
  Bank bank;
  // As services do that answer with the properties of the request: the stamp of a message that this
  // bridge sent, of one that it has seen, of one that went far; over and over.
  const std::string own = passed_over({"store-42"}, 1, "stores/store-42/ask", "?");
  const std::string far =
      passed_over({"a", "b", "c", "d", "e", "f", "g", "hub"}, 2, "sales/1", "question");
  const std::string seen = passed_over({"hub"}, 3, "sales/1", "once");
  bank.deliver({{"sales/1", "once", seen, Qos::at_least_once, false}});
  for (const std::string& copied : {own, far, seen, own}) {
    const std::string properties = user_property_block("k", "v") + copied;
    bank.deliver({{"sales/2", "answer", properties, Qos::at_least_once, false}});
  }
  CHECK(bank.tally().repeats == 0);
  const auto stored = bank.stored("sales");
  REQUIRE(stored.size() == 5);
  for (std::size_t i = 1; i < stored.size(); ++i) {
    CHECK(stored[i].properties == user_property_block("k", "v"));
  }
  CHECK(ledger(bank) ==
        std::map<std::string, std::uint64_t>{{"copied store-42", 2}, {"copied hub", 2}});
  CHECK(bank.report().copied[Direction::up] == 4);
}

TEST_CASE("intake: one stamped message that somebody copies to two topics arrives twice") {
  Bank bank;
  const std::string properties = passed_over({"hub"}, 7, "news", "x");
  for (const char* topic : {"sales/1", "sales/2"}) {
    bank.deliver({{topic, "x", properties, Qos::at_least_once, false}});
  }
  CHECK(bank.stored("sales").size() == 2);
}

TEST_CASE("intake: via alone, and a stamp of an older bascule, prove nothing") {
  Bank bank;
  const std::string old =
      user_property_block(stamp_property, "store-42/5f3a9c1e0d2b4a67/sales/1/1763817600123");
  const std::string via = user_property_block(via_property, "store-42");
  for (const std::string& properties : {via, old + via, old + via}) {
    bank.deliver({{"sales/1", "x", properties, Qos::at_least_once, false}});
  }
  const auto stored = bank.stored("sales");
  REQUIRE(stored.size() == 3);
  for (const Sent& message : stored) CHECK(message.properties.empty());
}

TEST_CASE("intake: what nobody routes is unrouted, also where it came back") {
  Bank bank;
  const std::string properties = passed_over({"store-42"}, 1, "elsewhere", "x");
  bank.deliver({{"elsewhere", "x", properties, Qos::at_least_once, false}});
  CHECK(bank.tally().unrouted == 1);
  CHECK(bank.tally().repeats == 0);
}

TEST_CASE("intake: loops and copied stamps are told once at first, and then together") {
  Bank bank;
  std::vector<std::string> told;
  bank.intake.on_notice = [&](const RepeatNotice& notice, std::uint64_t count) {
    told.push_back(std::string(word_of(repeat_words, notice.kind)) + " " + notice.source + " " +
                   notice.topic + " " + std::to_string(count));
  };
  for (std::uint64_t sequence = 1; sequence <= 20; ++sequence) {
    const std::string back = passed_over({"store-42"}, sequence, "sales/1", "x");
    bank.deliver({{"sales/1", "x", back, Qos::at_least_once, false}});
    bank.deliver({{"sales/2", "x", back, Qos::at_least_once, false}});
  }
  CHECK(told == std::vector<std::string>{"looped store-42 sales/1 1", "copied store-42 sales/2 1"});
}
