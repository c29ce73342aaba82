#include "policy/case_desk.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "message/properties.hpp"
#include "support/policy_case.hpp"

using namespace bascule;
using namespace bascule::test;
using nlohmann::json;

namespace {

using Texts = std::vector<std::string>;

constexpr const char* data = R"({"sale":"a.1","choices":["honour",{"name":"keep"}]})";

// Opens a case for each message; closes it when it has been decided, and says what it was told.
int open_and_close(Step& step, const bascule_input& input) {
  if (input.kind == BASCULE_MESSAGE) return step.open_case("oversold", "hall", data) > 0 ? 0 : 1;
  if (input.kind != BASCULE_RESOLUTION) return 0;
  step.put("told", view(input.payload));
  return step.close_case(std::stoll(std::string(view(input.topic))), R"({"outcome":"done"})");
}

PolicyCase desk() { return PolicyCase(open_and_close, {}, {}, {}, "office/cases"); }

// What was told of cases, as "topic state", and "topic -" where it was cleared.
Texts told(PolicyCase& seats) {
  Texts all;
  for (const std::string& one : seats.messages(Direction::up)) {
    const auto space = one.find(' ');
    const std::string payload = one.substr(space + 1);
    all.push_back(one.substr(0, space + 1) +
                  (payload.empty() ? "-" : json::parse(payload)["state"].get<std::string>()));
  }
  return all;
}

json answer(PolicyCase& seats) {
  const auto all = seats.payloads(Direction::down);
  return all.empty() ? json() : json::parse(all.back());
}

void decide(PolicyCase& seats, const std::string& number, const std::string& payload,
            const std::string& properties = {}) {
  seats.put(payload, Direction::up, "office/cases/" + number + "/decide", properties);
  seats.run();
}

}  // namespace

TEST_CASE("cases: over MQTT each that waits is told, and one is decided as by the command line") {
  PolicyCase seats = desk();
  seats.put("a");
  seats.put("b");
  seats.run();
  CHECK(told(seats) == Texts{"office/cases/1 open", "office/cases/2 open"});
  const json first = json::parse(seats.payloads(Direction::up)[0]);
  CHECK(first["policy"] == "seats");
  CHECK(first["data"]["sale"] == "a.1");

  decide(seats, "1", R"({"choose":"honour","by":"ann","data":{"row":7}})");
  CHECK(json::parse(seats.state("told")) ==
        json{{"choose", "honour"}, {"by", "ann"}, {"data", {{"row", 7}}}});
  CHECK(seats.messages(Direction::down) ==
        Texts{R"(office/cases/1/decided {"by":"ann","choose":"honour","number":1,"ok":true})"});
  CHECK(told(seats) == Texts{"office/cases/1 open", "office/cases/2 open", "office/cases/1 decided",
                             "office/cases/1 -"});
  const auto one = seats.core().store().policies().find_case(1);
  REQUIRE(one);
  CHECK(one->state == Case::State::closed);
  CHECK(one->decided_by == "ann");
}

TEST_CASE("cases: what cannot be decided so is answered with the reason, and nothing happens") {
  PolicyCase seats = desk();
  seats.put("a");
  seats.run();
  decide(seats, "1", R"({"choose":"burn"})");
  CHECK(answer(seats) == json{{"number", 1},
                              {"ok", false},
                              {"choose", "burn"},
                              {"by", ""},
                              {"error", "case 1 does not offer 'burn'; choose from honour, keep"}});
  decide(seats, "1", "honour");
  CHECK(answer(seats)["error"].get<std::string>().find("is a JSON object with \"choose\"") !=
        std::string::npos);
  decide(seats, "7", R"({"choose":"keep"})");
  CHECK(answer(seats)["error"].get<std::string>().starts_with("there is no case 7"));
  decide(seats, "x", R"({"choose":"keep"})");
  CHECK(answer(seats)["ok"] == false);
  CHECK(seats.state("told").empty());
  decide(seats, "1", R"({"choose":"keep"})");
  CHECK(answer(seats)["ok"] == true);
  decide(seats, "1", R"({"choose":"honour"})");
  CHECK(answer(seats)["error"] == "case 1 has been decided already");
  CHECK(seats.lane(Direction::up).backlog() == 0);
}

TEST_CASE("cases: an answer goes where the question wants it") {
  PolicyCase seats = desk();
  seats.put("a");
  seats.run();
  std::string properties;
  append_property(properties, {PropertyId::response_topic, 0, {}, "apps/7/answers"});
  append_property(properties, {PropertyId::correlation_data, 0, {}, "q1"});
  decide(seats, "1", R"({"choose":"keep"})", properties);
  CHECK(seats.messages(Direction::down) ==
        Texts{R"(apps/7/answers {"by":"","choose":"keep","number":1,"ok":true})"});
}

TEST_CASE("cases: those that wait are told again at a start, however many") {
  PolicyCase seats = desk();
  for (int i = 0; i < 250; ++i) seats.put("a");
  seats.run();
  decide(seats, "3", R"({"choose":"keep"})");
  const auto before = told(seats).size();
  seats.core().commit();
  seats.crash();
  seats.run();
  const auto all = told(seats);
  CHECK(all.size() - before == 249);
  CHECK(std::count(all.begin() + static_cast<long>(before), all.end(), "office/cases/3 open") == 0);
}

TEST_CASE("cases: a decision and what comes of it happen together, or not at all") {
  PolicyCase seats = desk();
  seats.put("a");
  seats.run();
  seats.core().commit();
  seats.put(R"({"choose":"keep"})", Direction::up, "office/cases/1/decide");
  seats.core().commit();
  seats.turn();
  REQUIRE(seats.core().store().policies().find_case(1)->state == Case::State::decided);
  seats.crash();
  CHECK(seats.core().store().policies().find_case(1)->state == Case::State::open);
  seats.run();
  CHECK(answer(seats)["ok"] == true);
  CHECK(seats.payloads(Direction::down).size() == 1);
}

TEST_CASE("cases: without a topic a message is the policy's, whatever its topic") {
  PolicyCase seats(open_and_close);
  seats.put("{}", Direction::up, "office/cases/1/decide");
  seats.run();
  CHECK(seats.core().store().policies().find_case(1).has_value());
  CHECK(seats.messages(Direction::up).empty());
}
