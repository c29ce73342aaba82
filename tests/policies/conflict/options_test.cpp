// Options that are wrong are refused with the place and a clear text.
#include <doctest/doctest.h>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

namespace {

Json good() {
  return {{"role", "authority"}, {"record", "edits/{id}"}, {"topics", {{"canonical", "r/{id}"}}}};
}

std::string wrong(const Json& patch) {
  auto json = good();
  json.merge_patch(patch);
  return problems_of(json);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("conflict options: the least that is needed is enough") {
  CHECK(wrong(Json::object()) == "");
}

TEST_CASE("conflict options: what is wrong is named with its place") {
  CHECK(has(wrong({{"strategy", "luck"}}),
            "/strategy must be last-writer-wins, field-merge or expected-version;"));
  CHECK(has(wrong({{"stratgy", "x"}}), "/stratgy is not known;"));
  CHECK(has(wrong({{"topics", {{"canonicle", "x"}}}}), "/topics/canonicle is not known;"));
  CHECK(has(wrong({{"topics", {{"canonical", nullptr}}}}), "/topics/canonical is missing"));
  CHECK(has(wrong({{"topics", {{"canonical", "r/{idd}"}}}}), "/topics/canonical names {idd}"));
  CHECK(has(wrong({{"record", "edits"}}), "/record must name a {level}"));
  CHECK(has(wrong({{"record", "edits/{id"}}), "/record has a level"));
  CHECK(has(wrong({{"key", {"no"}}}), "/key names no"));
  CHECK(has(wrong({{"when", "25:00"}}), "/when must be"));
  CHECK(has(wrong({{"clock_guard", "soon"}}), "/clock_guard must be a duration"));
  CHECK(has(wrong({{"fields", {{"a", "max"}}}}), "/fields has a rule other than newest"));
  CHECK(
      has(wrong({{"strategy", "field-merge"}, {"fields", {{"a", "most"}}}}), "/fields/a must be"));
  CHECK(has(wrong({{"strategy", "field-merge"}, {"fields", {{"g", {{"rule", "sum"}}}}}}),
            "/fields/g/rule must be"));
  CHECK(has(wrong({{"role", "site"}}), "/topics/view is missing"));
  CHECK(has(wrong({{"role", "site"}, {"when", "01:00"}, {"topics", {{"view", "v/{id}"}}}}),
            "/role must be authority"));
  CHECK(has(wrong({{"payload", {{"base", "version"}}}}), "/payload/base must be a JSON pointer"));
  CHECK(has(wrong({{"record", 7}}), "/record must be a text"));
  CHECK(has(wrong({{"history", {{"keep", "long"}}}}), "/history/keep must be a duration"));
  CHECK(has(wrong({{"history", {{"entries", 5}}}}), "/history/entries must be a whole number"));
  CHECK(has(wrong({{"history", {{"kept", 5}}}}), "/history/kept is not known"));
  CHECK(has(wrong({{"silent", true}}), "/silent must be a duration"));
  CHECK(has(wrong({{"topics", {{"mark", "marks"}}}}), "/topics/mark must name {origin}"));
  CHECK(has(wrong({{"when", "1:00"}}), "/when must be `at once`, `reported` or a time of day"));
  CHECK(has(wrong({{"when", "01:00"}, {"time_zone", "Europe/Atlantis"}}),
            "/time_zone is none that this system knows"));
  CHECK(has(wrong({{"when", "01:00"}, {"time_zone", "Europe/Zurich"}, {"utc_offset", "+01:00"}}),
            "/utc_offset is what `time_zone` says"));
  CHECK(has(wrong({{"time_zone", "Europe/Zurich"}}), "/time_zone is for a time of day in `when`"));
  CHECK(has(wrong({{"insert_match", {"name", {{"field", "name"}, {"as", "digits"}}}}}),
            "/insert_match/1 is named twice: name"));
  CHECK(has(wrong({{"strategy", "field-merge"}, {"fields", {{"person/*", "max"}}}}),
            "/fields has a rule for a part (person/*), and `record` has no {part}"));
  CHECK(has(wrong({{"strategy", "field-merge"},
                   {"fields", {{"g", {{"members", {"a", "b"}}}}, {"a", "max"}}}}),
            "/fields has a rule for a, which goes by its group's"));
  CHECK(has(wrong({{"when", "reported"}}), "/when reported needs `topics.mark`"));
  CHECK(has(wrong({{"wait", {{"at_most", "1h"}}}}), "/wait is for `when: reported`"));
  CHECK(has(wrong({{"when", "reported"},
                   {"topics", {{"mark", "marks/{origin}"}}},
                   {"wait", {{"then", "ask"}}}}),
            "/wait/then must be decide or case"));
  CHECK(has(wrong({{"role", "site"}, {"sites", {"a"}}, {"topics", {{"view", "v/{id}"}}}}),
            "/sites is for the role authority"));
}

TEST_CASE("conflict options: a mistake in a rule for one part's field is named with its place") {
  Json parts{{"record", "edits/{id}/{part}"}, {"topics", {{"canonical", "r/{id}/{part}"}}}};
  const auto with = [&](const Json& rules) {
    auto patch = parts;
    patch["validate"] = rules;
    return wrong(patch);
  };
  CHECK(with({{"family/kids", {{"type", "integer"}}}}) == "");
  CHECK(with({{"family/kids", {{"type", "int"}}}}) ==
        "/validate/family~1kids/type must be string, integer, number, boolean, list or object; ");
  CHECK(with({{"a~b", {{"typ", "list"}}}}) ==
        "/validate/a~0b/typ is not known; did you mean \"type\"?; ");
  parts["strategy"] = "field-merge";
  parts["fields"] = {{"family/kids", "most"}};
  CHECK(has(with(Json::object()), "/fields/family~1kids must be newest, first"));
}

TEST_CASE("conflict options: durations and times of day") {
  auto json = good();
  json["clock_guard"] = "1500ms";
  json["when"] = "01:00";
  json["utc_offset"] = "+02:30";
  json["history"] = {{"keep", "none"}, {"entries", nullptr}};
  json["silent"] = "90d";
  const auto options = options_of(json);
  CHECK(!options.history_keep_ms);
  CHECK(options.history_entries_max == conflict::no_limit);
  CHECK(options.silent_ms == 90 * day);
  CHECK(options.clock_guard_ms == 1'500);
  CHECK(*options.batch_minute == 60);
  CHECK(options.zone.utc_s(1, *options.batch_minute) == 22 * 3'600 + 30 * 60);
}

}  // namespace bascule::test
