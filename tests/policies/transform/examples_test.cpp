// The table of examples in plugins/transform/README.md: each row is one here.
#include <doctest/doctest.h>

#include <fstream>

#include "policies/transform/box.hpp"

namespace bascule::transform::test {

namespace {

struct Row {
  const char* steps;  // as in the table, as JSON
  const char* payload;
  const char* made;   // "": dropped
  const char* shown;  // the steps as the table has them, in YAML
};

const Row rows[] = {
    {R"([{"envelope": {"ts": "{time_ms}", "v": "{payload}"}}])", "21.5",
     R"({"ts":1790068200000,"v":21.5})", R"([{envelope: {ts: "{time_ms}", v: "{payload}"}}])"},
    {R"([{"envelope": "{line}: {payload} °C"}])", "21.5", R"("press: 21.5 °C")",
     R"([{envelope: "{line}: {payload} °C"}])"},
    {R"([{"set": {"/line": "{line}", "/at": "{time}"}}])", R"({"t":7})",
     R"({"at":"2026-09-22T09:10:00.000Z","line":"press","t":7})",
     R"([{set: {/line: "{line}", /at: "{time}"}}])"},
    {R"([{"pick": ["/t", "/meta/unit"]}])", R"({"t":7,"x":1,"meta":{"unit":"C","id":3}})",
     R"({"meta":{"unit":"C"},"t":7})", "[{pick: [/t, /meta/unit]}]"},
    {R"([{"pick": "/t"}])", R"({"t":7,"x":1})", "7", "[{pick: /t}]"},
    {R"([{"rename": {"/t": "/temperature"}}])", R"({"t":7})", R"({"temperature":7})",
     "[{rename: {/t: /temperature}}]"},
    {R"([{"rename": {"": "/value"}}])", "7", R"({"value":7})", R"([{rename: {"": /value}}])"},
    {R"([{"scale": {"at": "/t", "by": 0.1, "offset": -40, "decimals": 1}}])", R"({"t":653})",
     R"({"t":25.3})", "[{scale: {at: /t, by: 0.1, offset: -40, decimals: 1}}]"},
    {R"([{"drop": {"at": "/q", "is_not": "good"}}])", R"({"q":"bad","t":7})", "",
     "[{drop: {at: /q, is_not: good}}]"},
    {R"([{"drop": {"at": "/t", "above": 100}}])", R"({"t":7})", R"({"t":7})",
     "[{drop: {at: /t, above: 100}}]"},
    {R"([{"batch": {"count": 1}}])", "7", "[7]", "[{batch: {count: 1}}]"},
};

}  // namespace

TEST_CASE("examples: each row of the README's table is so") {
  std::ifstream file(TRANSFORM_README);
  REQUIRE(file.good());
  std::vector<std::string> table;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| `[{")) table.push_back(line);
  }
  REQUIRE(table.size() == std::size(rows));
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto& row = rows[i];
    Box box(Json{{"from", "line/{line}/{sensor}"}, {"steps", Json::parse(row.steps)}});
    const auto made = box.made("line/press/temp", row.payload);
    CHECK(made == row.made);
    CHECK(table[i] == std::string("| `") + row.shown + "` | `" + row.payload + "` | " +
                          (made.empty() ? "dropped" : "`" + made + "`") + " |");
  }
}

}  // namespace bascule::transform::test
