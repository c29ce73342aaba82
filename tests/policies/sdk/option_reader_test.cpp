#include "sdk/option_reader.hpp"

#include <doctest/doctest.h>

namespace bascule::sdk {

namespace {

// What reading these options reports: "pointer text; " each.
template <class Read>
std::string problems(const char* json, Read read) {
  std::string all;
  bascule_options raw{};
  raw.size = sizeof raw;
  raw.json = plugin::bytes(json);
  raw.context = &all;
  raw.problem = [](void* context, bascule_bytes pointer, bascule_bytes text) {
    auto& to = *static_cast<std::string*>(context);
    to.append(plugin::view(pointer)).append(" ").append(plugin::view(text)).append("; ");
  };
  const plugin::Options options(raw);
  OptionReader reader(options);
  read(reader);
  return all;
}

}  // namespace

TEST_CASE("option reader: a place is a JSON pointer, also through names with / and ~") {
  const auto read = [](OptionReader& reader) {
    reader.members("rules", [](const std::string&, OptionReader rule) {
      rule.flag("on");
      rule.items("list", [](OptionReader item) { item.whole("", 0, 9, 0); });
      rule.refuse_others();
    });
    reader.refuse_others();
  };
  CHECK(problems(R"({"rules": {"family/kids": {"on": 1}}})", read) ==
        "/rules/family~1kids/on must be true or false; ");
  CHECK(problems(R"({"rules": {"a~b/c": {"list": [1, 10]}}})", read) ==
        "/rules/a~0b~1c/list/1 must be a whole number between 0 and 9; ");
  CHECK(problems(R"({"rules": {"a": {"x/y": 1}}, "v~w": 2})", read) ==
        "/rules/a/x~1y is not known; /v~0w is not known; ");
  CHECK(problems(R"({"rules": {"a/b": {"on": true}}})", read) == "");
  CHECK(problems(R"({"rule": {}})", read) == "/rule is not known; did you mean \"rules\"?; ");
  CHECK(problems(R"({"rules": {"a": {"lists": []}}})", read) ==
        "/rules/a/lists is not known; did you mean \"list\"?; ");
}

TEST_CASE("option reader: a duration is a text with a unit, or a number of seconds") {
  std::int64_t ms = 0;
  const auto read = [&](OptionReader& reader) { ms = reader.duration_ms("t", 90'000, 7); };
  const auto wrong = "/t must be a duration such as 500ms, 30s, 5m, 24h or 7d, at most 90s; ";
  CHECK(problems(R"({})", read) == "");
  CHECK(ms == 7);
  CHECK(problems(R"({"t": "1500ms"})", read) == "");
  CHECK(ms == 1500);
  CHECK(problems(R"({"t": 90})", read) == "");
  CHECK(ms == 90'000);
  for (const auto* json : {R"({"t": 91})", R"({"t": "91s"})", R"({"t": -1})", R"({"t": 1.5})",
                           R"({"t": "90"})", R"({"t": 18446744073709551615})", R"({"t": null})"}) {
    CHECK_MESSAGE(problems(json, read) == wrong, json);
    CHECK(ms == 7);
  }
}

TEST_CASE("option reader: what is not there leaves what was, and so does a word that is none") {
  constexpr Word<int> words[]{{"one", 1}, {"two", 2}, {"three", 3}};
  int value = 7;
  const auto read = [&](OptionReader& reader) { reader.choose("n", words, value); };
  CHECK(problems(R"({})", read) == "");
  CHECK(value == 7);
  CHECK(problems(R"({"n": "four"})", read) == "/n must be one, two or three; ");
  CHECK(problems(R"({"n": 2})", read) == "/n must be one, two or three; ");
  CHECK(value == 7);
  CHECK(problems(R"({"n": "two"})", read) == "");
  CHECK(value == 2);
}

TEST_CASE("option reader: a topic to be made has a text or a name for each level") {
  const auto read = [](OptionReader& reader) {
    reader.pattern("any", "");
    reader.pattern("named", "a/{b}", OptionReader::Levels::named);
  };
  CHECK(problems(R"({"any": "a/+/{rest...}", "named": "x/{y}"})", read) == "");
  for (const auto* topic : {"a/+", "a/#", "a/{rest...}"}) {
    const auto json = Json{{"named", topic}}.dump();
    CHECK(problems(json.c_str(), read) ==
          "/named must have a text or a {name} for each of its levels; ");
  }
  CHECK(problems(R"({"any": "a/{b}/{b}"})", read) == "/any has {b} twice; ");
  CHECK(problems(R"({"any": "a/{b"})", read) ==
        "/any has a level that is neither text nor {name}: {b; ");
}

TEST_CASE("option reader: no options are an empty section, and a list is none") {
  const auto read = [](OptionReader& reader) { reader.refuse_others(); };
  CHECK(problems("", read) == "");
  CHECK(problems("null", read) == "");
  CHECK(problems("[]", read) == " must be a section; ");
  CHECK(problems("{", read) == " must be a section; ");
}

}  // namespace bascule::sdk
