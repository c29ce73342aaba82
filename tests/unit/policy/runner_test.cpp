#include "policy/runner.hpp"

#include <set>

#include "support/policy_case.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

using Texts = std::vector<std::string>;

std::string payload_of(const bascule_input& input) { return std::string(view(input.payload)); }

// Counts what it decides, and passes it on with its count.
int count_and_pass(Step& step, const bascule_input& input) {
  const std::string before = state_of(step, "n");
  const std::string count = std::to_string(before.empty() ? 1 : std::stoi(before) + 1);
  step.put("n", count);
  const auto direction = static_cast<Direction>(input.direction);
  const std::string payload = count + ":" + payload_of(input);
  return step.emit(output(direction, "t", payload));
}

}  // namespace

TEST_CASE("policy: a step is one transaction: input, state, what is emitted") {
  PolicyCase seats(count_and_pass);
  for (const char* payload : {"a", "b", "c"}) seats.put(payload);
  CHECK(seats.turn() == 3);
  SUBCASE("not committed, it did not happen") {
    seats.crash();
    CHECK(seats.lane(Direction::up).cursor == 0);
    CHECK(seats.state("n") == "");
    CHECK(seats.payloads(Direction::up).empty());
    seats.run();
  }
  SUBCASE("committed, it did") {
    seats.core().commit();
    seats.crash();
    CHECK(seats.lane(Direction::up).cursor == 3);
  }
  seats.core().commit();
  CHECK(seats.state("n") == "3");
  CHECK(seats.payloads(Direction::up) == Texts{"1:a", "2:b", "3:c"});
  CHECK(seats.core().report().tallies[Direction::up].emitted == 3);
}

TEST_CASE("policy: in steady state a group of inputs costs one commit, its begin included") {
  PolicyCase seats(count_and_pass);
  seats.put("first");
  seats.turn();
  const std::uint64_t before = seats.core().commits();
  for (int i = 0; i < 10; ++i) {
    for (int k = 0; k < 20; ++k) seats.put("more");
    CHECK(seats.turn() == 20);
  }
  CHECK(seats.core().commits() - before == 10);
}

TEST_CASE("policy: what fails leaves nothing, is tried three times, and quarantined") {
  int calls = 0;
  PolicyCase seats([&](Step& step, const bascule_input& input) {
    count_and_pass(step, input);
    if (payload_of(input) != "bad") return 0;
    ++calls;
    step.fail("does not like it");
    return 1;
  });
  for (const char* payload : {"a", "bad", "b"}) seats.put(payload);
  CHECK(seats.turn() == 2);  // the bad one, for the first time
  CHECK(seats.turn() == 0);  // and not again at once
  seats.run();
  CHECK(calls == 3);
  CHECK(seats.runner().failures() == 3);
  CHECK(seats.payloads(Direction::up) == Texts{"1:a", "2:b"});
  CHECK(seats.lane(Direction::up).count(Fate::quarantined) == 1);
  CHECK(seats.lane(Direction::up).backlog() == 0);
  const auto quarantined = seats.core().store().quarantine().newest(10);
  REQUIRE(quarantined.size() == 1);
  CHECK(quarantined[0].payload == "bad");
  CHECK(quarantined[0].reason == "policy seats: does not like it; 3 attempts");
}

TEST_CASE("policy: what would fail again is quarantined at once, and the next has its turn") {
  int calls = 0;
  PolicyCase seats([&](Step& step, const bascule_input& input) {
    count_and_pass(step, input);
    if (payload_of(input) != "bad") return 0;
    ++calls;
    step.quarantine("is no JSON");
    return 1;
  });
  for (const char* payload : {"a", "bad", "b"}) seats.put(payload);
  CHECK(seats.turn() == 3);
  CHECK(calls == 1);
  seats.core().commit();
  CHECK(seats.state("n") == "2");  // of the bad one nothing is kept
  CHECK(seats.payloads(Direction::up) == Texts{"1:a", "2:b"});
  CHECK(seats.lane(Direction::up).count(Fate::quarantined) == 1);
  const auto quarantined = seats.core().store().quarantine().newest(10);
  REQUIRE(quarantined.size() == 1);
  CHECK(quarantined[0].reason == "policy seats: is no JSON");
}

TEST_CASE("policy: an input that kills the process is found, and quarantined after three") {
  struct Killed {};
  std::map<std::string, int> tried;
  PolicyCase seats([&](Step& step, const bascule_input& input) {
    ++tried[payload_of(input)];
    if (payload_of(input) == "poison") throw Killed{};
    return count_and_pass(step, input);
  });
  for (const char* payload : {"a", "b", "poison", "c", "d"}) seats.put(payload);
  int deaths = 0;
  while (deaths < 10) {
    try {
      seats.run();
      break;
    } catch (const Killed&) {
      ++deaths;
      seats.crash();
    }
  }
  CHECK(deaths == 3);
  CHECK(tried["poison"] == 3);
  CHECK(tried["d"] == 1);
  CHECK(seats.payloads(Direction::up) == Texts{"1:a", "2:b", "3:c", "4:d"});
  const auto quarantined = seats.core().store().quarantine().newest(10);
  REQUIRE(quarantined.size() == 1);
  CHECK(quarantined[0].payload == "poison");
  CHECK(quarantined[0].reason == "policy seats: the bridge ended while it decided; 3 attempts");
}

TEST_CASE("policy: what was begun and not tried before an orderly end counts no attempt") {
  PolicyCase seats(count_and_pass);
  seats.put("a");
  seats.runner().prepare(seats.core(), seats.at);
  seats.core().commit();
  seats.runner().closing(seats.core());
  seats.core().commit();
  seats.crash();
  const auto begun = seats.core().store().policies().begun(seats.runner().id());
  REQUIRE(begun);
  CHECK(begun->attempts == 0);
}

TEST_CASE("policy: asking for the impossible fails the step") {
  std::string word;
  PolicyCase seats([&](Step& step, const bascule_input& input) {
    word = payload_of(input);
    if (word == "lane") step.emit(output(Direction::up, "t", "p", "nowhere"));
    if (word == "input lane") step.emit(output(Direction::up, "t", "p", "policy/seats"));
    if (word == "events") step.emit(output(Direction::up, "t", "p", "events"));
    if (word == "topic") step.emit(output(Direction::up, "a/#", "p"));
    if (word == "key") step.put("", "v");
    if (word == "case") step.close_case(7, "{}");
    if (word == "data") step.open_case("kind", "s", "no JSON");
    if (word == "verdict") step.explain("[]");
    return 0;  // whatever it returns
  });
  const Texts words = {"lane", "input lane", "events", "topic", "key", "case", "data", "verdict"};
  for (const std::string& one : words) seats.put(one);
  seats.run();
  CHECK(seats.lane(Direction::up).count(Fate::quarantined) == words.size());
}

TEST_CASE("policy: a verdict is a JSON object in UTF-8, however deep") {
  const std::string deep = "{\"a\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
  const std::vector<std::string> objects = {
      "{}", " \t\r\n{ \"a\" : [1, -2.5e3, null, true, false] } ", R"({"ä":"\u00e4\ud834\udd1e"})",
      R"({"a":1,"a":{"b":""}})", deep};
  const std::vector<std::string> others = {"",
                                           "   ",
                                           "1",
                                           "\"a\"",
                                           "[]",
                                           "null",
                                           "{",
                                           "}",
                                           "{}}",
                                           "{} {}",
                                           "{} x",
                                           "{a:1}",
                                           "{'a':1}",
                                           R"({"a"})",
                                           R"({"a":})",
                                           R"({"a":1,})",
                                           R"({"a":01})",
                                           R"({"a":.5})",
                                           R"({"a":NaN})",
                                           R"({"a":1e999})",
                                           R"({"a":tru})",
                                           R"({"a":"\x"})",
                                           R"({"a":"\ud834"})",
                                           "{\"a\":\"\n\"}",
                                           "{\"a\":\"\xff\"}",
                                           "{\"a\":\"\xc0\xaf\"}",
                                           "{\"a\":\"\xed\xa0\x80\"}",
                                           std::string("{}\0", 3),
                                           std::string("{\"a\":\"\0\"}", 9),
                                           deep.substr(0, 300'000)};
  std::map<std::string, int> answers;
  PolicyCase seats([&](Step& step, const bascule_input&) {
    for (const auto& text : objects) answers[text] = step.explain(text);
    for (const auto& text : others) answers[text] = step.explain(text);
    return 0;
  });
  seats.put("a");
  seats.run();
  for (const auto& text : objects) CHECK_MESSAGE(answers.at(text) == 0, text.substr(0, 100));
  for (const auto& text : others) CHECK_MESSAGE(answers.at(text) == -1, text.substr(0, 100));
}

TEST_CASE("policy: state is seen by the step that changes it, in order, and by the next") {
  Texts seen;
  PolicyCase seats([&](Step& step, const bascule_input& input) {
    if (payload_of(input) == "fill") {
      for (int i = 0; i < 200; ++i) step.put("k/" + std::to_string(1000 + i), "old");
      return step.put("l", "beyond");
    }
    step.erase("k/1000");
    step.put("k/1001", "new");
    step.put("k/0", "first");
    step.put("k/9", "last");
    const auto each = [](void* context, bascule_bytes key, bascule_bytes value) {
      static_cast<Texts*>(context)->push_back(std::string(view(key)) + "=" +
                                              std::string(view(value)));
      return 0;
    };
    return step.scan("k/", "", &seen, each);
  });
  seats.put("fill");
  seats.put("look");
  seats.run();
  REQUIRE(seen.size() == 201);
  CHECK(seen.front() == "k/0=first");
  CHECK(seen[1] == "k/1001=new");
  CHECK(seen[2] == "k/1002=old");
  CHECK(seen.back() == "k/9=last");
  CHECK(seats.state("k/1000") == "");
}

TEST_CASE("policy: while a lane is full the step waits, and no attempt is counted") {
  LaneSettings narrow = lane_settings("narrow");
  narrow.max_size_bytes = 60;
  narrow.when_full = WhenFull::pause;
  PolicyCase seats(
      [](Step& step, const bascule_input& input) {
        return step.emit(output(Direction::up, "t", payload_of(input), "narrow"));
      },
      {}, {narrow});
  for (const char* payload : {"a", "b", "c"}) seats.put(payload);
  for (int i = 0; i < 5; ++i) {
    CHECK(seats.turn() == (i == 0 ? 3 : 1));
    seats.at.boottime_ms += 1'000;
  }
  CHECK(seats.payloads(Direction::up, "narrow") == Texts{"a", "b"});
  CHECK(seats.lane(Direction::up).backlog() == 1);
  CHECK(seats.runner().waits_for(seats.core()) == "for room in the journal or a lane");
  Progress progress;
  progress.lane = seats.core().lane(Direction::up, "narrow");
  progress.parts.push_back({1, 2, 52, Fate::forwarded});
  seats.core().progress(progress);
  seats.run();
  CHECK(seats.lane(Direction::up).backlog() == 0);
  CHECK(seats.runner().failures() == 0);
}

TEST_CASE("policy: a wake comes once its time has come, over restarts") {
  Texts woken;
  PolicyCase seats([&](Step& step, const bascule_input& input) {
    if (input.kind == BASCULE_WAKE) woken.emplace_back(view(input.topic));
    if (input.kind != BASCULE_MESSAGE) return 0;
    step.wake_at("later", 1'763'800'060'000);
    return step.wake_at("never", 0);
  });
  seats.put("a");
  seats.run();
  CHECK(woken.empty());
  CHECK(seats.runner().wait_ms(seats.core(), seats.at) == 60'000);
  seats.crash();
  seats.at.wall_ms = 1'763'800'060'000;
  seats.run();
  CHECK(woken == Texts{"later"});
}

TEST_CASE("policy: the line is told as an input, and noted in those behind it") {
  Texts seen;
  PolicyCase seats([&](Step&, const bascule_input& input) {
    seen.push_back(payload_of(input) + (input.central_up != 0 ? "+" : "-"));
    return 0;
  });
  seats.put("a");
  seats.run();
  seats.core().note_central(true);
  REQUIRE(seats.runner().tell_line(seats.core(), true));
  seats.put("b");
  seats.run();
  CHECK(seen == Texts{"a-", "up+", "b+"});
}

TEST_CASE("policy: behind the gate 'caught up' inputs wait until what central had is decided") {
  Texts seen;
  PolicyCase seats(
      [&](Step&, const bascule_input& input) {
        seen.push_back(payload_of(input));
        return 0;
      },
      {Gate::Kind::caught_up, 0});
  seats.put("ours");
  seats.put("theirs", Direction::down);
  seats.run();
  CHECK(seen == Texts{"theirs"});
  seats.put("more of theirs", Direction::down);
  seats.runner().tell_line(seats.core(), true);
  seats.run();
  CHECK(seen == Texts{"theirs", "more of theirs", "up", "ours"});
  seats.runner().tell_line(seats.core(), false);
  seats.run();
  seats.put("alone");
  seats.run();
  CHECK(seen.back() == "down");
}

TEST_CASE("policy: a case is opened, told, and closed by the step that says so") {
  std::int64_t number = 0;
  PolicyCase seats([&](Step& step, const bascule_input& input) {
    if (payload_of(input) == "open") {
      number = step.open_case("clash", "attendee/123", R"({"choices": ["a", "b"]})");
      return 0;
    }
    return step.close_case(number, R"({"chosen": "a"})");
  });
  seats.put("open");
  seats.run();
  CHECK(seats.core().report().cases == 1);
  const auto open = seats.core().store().policies().find_case(number);
  REQUIRE(open);
  CHECK(open->subject == "attendee/123");
  seats.put("close");
  seats.run();
  CHECK(seats.core().report().cases == 0);
  CHECK(seats.core().store().policies().find_case(number)->state == Case::State::closed);
  CHECK(seats.payloads(Direction::up, events_lane).size() == 2);
  CHECK(seats.core().report().tallies[Direction::up].emitted == 0);  // events are in nobody's books
}

TEST_CASE("policy: a daily gate takes what has come, once a day, and catches up a missed night") {
  Texts seen;
  constexpr std::int64_t day_ms = 86'400'000;
  PolicyCase seats(
      [&](Step&, const bascule_input& input) {
        seen.push_back(payload_of(input));
        return 0;
      },
      {Gate::Kind::daily, 60});
  seats.put("a");
  seats.run();
  CHECK(seen.empty());  // a new policy has missed nothing
  seats.at.wall_ms += day_ms;
  seats.run();
  CHECK(seen == Texts{"a"});
  seats.put("b");
  seats.run();
  CHECK(seen == Texts{"a"});
  seats.put("to central's wish", Direction::down);
  seats.run();
  CHECK(seen == Texts{"a", "to central's wish"});
  seats.crash();  // and stays off for two nights
  seats.at.wall_ms += 2 * day_ms;
  seats.run();
  CHECK(seen == Texts{"a", "to central's wish", "b"});
}

TEST_CASE("policy: a question reads the state, and changes nothing") {
  PolicyCase seats(count_and_pass);
  seats.put("a");
  seats.run();
  current_answer() = [](Step& step, std::string_view what, std::string_view about) {
    step.put("n", "99");
    step.emit(output(Direction::up, "t", "said"));
    const std::string text = std::string(what) + std::string(about) + state_of(step, "n");
    return step.explain(nlohmann::json{{"text", text}}.dump());
  };
  CHECK(seats.ask("losers", "{}")["text"] == "losers{}99");
  seats.put("b");
  seats.run();
  CHECK(seats.state("n") == "2");
  CHECK(seats.payloads(Direction::up) == Texts{"1:a", "2:b"});
  SUBCASE("that fails, is not known or refused, is told to who asks") {
    current_answer() = [](Step& step, std::string_view, std::string_view) {
      step.fail("no luck");
      return 1;
    };
    CHECK_THROWS_WITH_AS(seats.ask("x"), "policy seats cannot answer: no luck",
                         std::invalid_argument);
    current_answer() = [](Step&, std::string_view, std::string_view) { return 0; };
    CHECK_THROWS_WITH_AS(seats.ask("x"), "policy seats does not know 'x'", std::invalid_argument);
    current_answer() = [](Step& step, std::string_view, std::string_view) {
      return step.explain(R"({"refused": "not today"})");
    };
    CHECK_THROWS_WITH_AS(seats.ask("x"), "not today", std::invalid_argument);
    CHECK_THROWS_WITH_AS(seats.request("x", "{}"), "not today", std::invalid_argument);
    CHECK(seats.lane(Direction::down).next == 1);
  }
}

TEST_CASE("policy: what a person wants done is an input, also after a crash") {
  std::string came;
  PolicyCase seats([&came](Step&, const bascule_input& input) {
    came =
        std::to_string(input.kind) + ' ' + std::string(view(input.topic)) + ' ' + payload_of(input);
    return 0;
  });
  current_answer() = [](Step& step, std::string_view, std::string_view) {
    return step.explain("{}");
  };
  CHECK(seats.request("reinstate", R"({"by":"ann"})") == 1);
  seats.core().commit();
  seats.crash();
  seats.run();
  CHECK(came == R"(1 reinstate {"by":"ann"})");
  CHECK(seats.lane(Direction::down).cursor == 1);
}
