// New records that may be known already: matched by their key parts (R36, R37).
#include <doctest/doctest.h>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

namespace {

const Json people{{"insert_match", {"name", "town", {{"field", "phone"}, {"as", "digits"}}}}};

Edit insert(std::uint64_t number, const Json& fields) {
  Edit made;
  made.number = number;
  made.fields = fields;
  made.base = -1;
  made.at = monday + std::int64_t(number);
  made.record = "k" + std::to_string(number);
  return made;
}

}  // namespace

TEST_CASE("conflict R37: among any number of near matches the full one is found") {
  Hub hub(people);
  std::uint64_t number = 0;
  const auto add = [&](const Json& fields) { return hub.give(insert(++number, fields)); };
  add({{"name", "Jo"}, {"town", "Bern"}, {"phone", "1"}});
  const auto first = "k" + std::to_string(number);
  // What shares two of three parts is near, and a person says that it is another one.
  for (int i = 2; i <= 130; ++i) {
    for (const auto& fields :
         {Json{{"name", "Jo"}, {"town", "Bern"}, {"phone", std::to_string(i)}},
          Json{{"name", "Jo"}, {"town", "T" + std::to_string(i)}, {"phone", "1"}}}) {
      REQUIRE(add(fields)["verdict"] == "CASE");
      hub.resolve(hub.host.next_case - 1, "create");
    }
  }
  const auto verdict = add({{"name", "JO "}, {"town", "bern"}, {"phone", "(1)"}, {"mail", "m"}});
  CHECK(verdict["record"] == first);
  CHECK(verdict["reason"] == "merged");
  CHECK(hub.record(first)["mail"] == "m");
  // A person is shown some of those that it may be, not all.
  add({{"name", "Jo"}, {"town", "Bern"}, {"phone", "0"}});
  CHECK(hub.host.cases.rbegin()->second.data["candidates"].size() == 20);
}

TEST_CASE("conflict R37: key parts of any length are compared whole") {
  Hub hub(people);
  const std::string name(3000, 'a');
  const auto with = [&](std::uint64_t number, const std::string& end) {
    return hub.give(insert(number, {{"name", name + end}, {"town", "Bern"}, {"phone", "1"}}));
  };
  CHECK(with(1, "x")["verdict"] == "APPLY");
  CHECK(with(2, "X")["record"] == "k1");
  CHECK(with(3, "y")["reason"] == "unknown");
}

TEST_CASE("conflict R37: letters of all languages are folded, phones go by their digits") {
  Hub hub(people);
  const auto give = [&](std::uint64_t number, const std::string& name, const std::string& town,
                        const std::string& phone) {
    return hub.give(insert(number, {{"name", name}, {"town", town}, {"phone", phone}}));
  };
  CHECK(give(1, "M\u00dcLLER", "Gro\u00dfstadt", "+41 (0)1 23")["verdict"] == "APPLY");
  CHECK(give(2, "M\u00fcller", "GROSSSTADT", "4101 23")["record"] == "k1");
  CHECK(give(3, " Mu\u0308ller\u00a0", "gross\uff53tadt", "\uff14\uff11-01-23")["record"] == "k1");
  CHECK(give(4, "Muller", "Gro\u00dfstadt", "410123")["reason"] == "unknown");
}

TEST_CASE("conflict R36: a match that gives nothing but what is known is retired") {
  Hub hub(people);
  const Json key{{"name", "Jo"}, {"town", "Bern"}, {"phone", "1"}};
  auto full = key;
  full["mail"] = "m";
  hub.give(insert(1, full));
  CHECK(hub.give(insert(2, key))["reason"] == "retired");
  CHECK(hub.give(insert(3, full))["reason"] == "retired");
  auto more = key;
  more["mail"] = "mm";
  CHECK(hub.give(insert(4, more))["reason"] == "merged");
  CHECK(hub.record("k1")["mail"] == "mm");
}

TEST_CASE(
    "conflict R37: what a record was called before matches it no more, and a deleted one nothing") {
  Hub hub(people);
  hub.give(insert(1, {{"name", "Jo"}, {"town", "Bern"}, {"phone", "1"}}));
  auto moved = insert(2, {{"town", "Basel"}, {"name", "Joan"}});
  moved.record = "k1";
  moved.base = 0;
  hub.give(moved);
  CHECK(hub.give(insert(3, {{"name", "Jo"}, {"town", "Bern"}, {"phone", "1"}}))["verdict"] ==
        "APPLY");
  CHECK(hub.give(insert(4, {{"name", "Joan"}, {"town", "Basel"}, {"phone", "1"}}))["record"] ==
        "k1");
  auto gone = insert(5, Json::object());
  gone.record = "k3";
  gone.kind = "delete";
  gone.base = hub.version("k3");
  hub.give(gone);
  const auto anew = hub.give(insert(6, {{"name", "Jo"}, {"town", "Bern"}, {"phone", "1"}}));
  CHECK(anew["record"] == "k6");
  CHECK(anew["verdict"] == "APPLY");
}

}  // namespace bascule::test
