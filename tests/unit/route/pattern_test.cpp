#include "route/pattern.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "message/topic.hpp"
#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

std::string target(std::string_view from, std::string_view to, std::string_view topic) {
  REQUIRE(matches(to_filter(from, "store-42"), topic));
  std::string out = "what stood there before";
  Template(to, from, "store-42").render(topic, out);
  return out;
}

std::string target_filter(std::string_view to, std::string_view from) {
  return Template(to, from, "store-42").filter();
}

}  // namespace

TEST_CASE("pattern: captures subscribe as + and #") {
  CHECK(to_filter("pos/{till}/sale/{rest...}", "s") == "pos/+/sale/#");
  CHECK(to_filter("{all...}", "s") == "#");
  CHECK(to_filter("+/{_a1}/#", "s") == "+/+/#");
  CHECK(to_filter("/{a}/", "s") == "/+/");
  CHECK(to_filter("plain/topic", "s") == "plain/topic");
}

TEST_CASE("pattern: {bridge.id} is text, also beside other text") {
  CHECK(to_filter("stores/{bridge.id}/{x}", "store-42") == "stores/store-42/+");
  CHECK(to_filter("stores/s-{bridge.id}-{bridge.id}", "7") == "stores/s-7-7");
  CHECK(pattern_error("stores/{bridge.id}/{bridge.id}") == "");
}

TEST_CASE("pattern: what is wrong is said in a phrase") {
  CHECK(pattern_error("a/{x}/b/{rest...}") == "");
  CHECK(pattern_error("") == "it is empty");
  CHECK(pattern_error("a{x}b") == "'{x}' must stand alone in its level");
  CHECK(pattern_error("{x}{y}") == "'{x}' must stand alone in its level");
  CHECK(pattern_error("a/{x...}b") == "'{x...}' must stand alone in its level");
  CHECK(pattern_error("{bridge.id}{x}") == "'{x}' must stand alone in its level");
  CHECK(pattern_error("{x}/{x}") == "'{x}' is captured twice");
  CHECK(pattern_error("{x}/{x...}") == "'{x...}' is captured twice");
  CHECK(pattern_error("{x...}/b") == "'{x...}' must be the last level");
  CHECK(pattern_error("a/#/b") == "# must be the last level");
  CHECK(pattern_error("a/b+") == "+ and # must stand alone in their level");
  CHECK(pattern_error("a/\xFF") == "it is not valid UTF-8");
  CHECK(pattern_error("$share/g/a") == "a shared subscription cannot be routed");
  for (const auto* braces : {"{", "}", "a/{x", "a/x}", "{a/b}", "}{"}) {
    CAPTURE(braces);
    CHECK(pattern_error(braces) == "there is a brace without its pair");
  }
  for (const auto* name : {"{}", "{...}", "{1a}", "{a-b}", "{a b}", "{bridge.name}", "{{a}",
                           "{a..}", "{a....}", "{bridge.id...}"}) {
    CAPTURE(name);
    CHECK(pattern_error(name) ==
          "'" + std::string(name) + "' is no capture: write {name}, {name...} or {bridge.id}");
  }
}

TEST_CASE("pattern: what is wrong with a template is said in a phrase") {
  CHECK(template_error("", "a/+/#") == "");
  CHECK(template_error("t/{x}-{y...}/{bridge.id}", "a/{x}/{y...}") == "");
  CHECK(template_error("b", "a/#") == "");
  CHECK(template_error("t/{z}", "a/{x}/{y...}") ==
        "'{z}' is not captured by 'from', which has {x}, {y...}");
  CHECK(template_error("t/{y}", "a/{y...}") == "'{y}' is not captured by 'from', which has {y...}");
  CHECK(template_error("t/{x}", "a/+") == "'{x}' is not captured by 'from', which has no captures");
  CHECK(template_error("t/+", "a/+") == "+ and # may stand in filters only");
  CHECK(template_error("a/#", "a/#") == "+ and # may stand in filters only");
  CHECK(template_error("t/{x", "a/{x}") == "there is a brace without its pair");
  CHECK(template_error("t", "a{x}") == "'{x}' must stand alone in its level");
  CHECK_THROWS_AS(Template("{x}", "a", "s"), std::invalid_argument);
  CHECK_THROWS_AS(to_filter("a{x}", "s"), std::invalid_argument);
}

TEST_CASE("pattern: a template is filled with what was captured") {
  CHECK(target("pos/{till}/sale/{rest...}", "stores/{bridge.id}/pos/{till}/sale/{rest...}",
               "pos/3/sale/a/b") == "stores/store-42/pos/3/sale/a/b");
  CHECK(target("{a}/{b}", "{b}/{a}/{b}", "x/y") == "y/x/y");
  CHECK(target("pos/{till}", "till-{till}.{bridge.id}", "pos/3") == "till-3.store-42");
  CHECK(target("{a}/{b}", "{a}{b}", "x/y") == "xy");
  CHECK(target("+/{a}/#", "{a}", "x/y/z/z") == "y");
  CHECK(target("{a}/{b}", "t/{a}/{b}", "/") == "t//");
  CHECK(target("a/#", "b", "a/c") == "b");
}

TEST_CASE("pattern: an empty template is the same topic") {
  CHECK(target("a/#", "", "a/b/c") == "a/b/c");
  CHECK(target("a/{x}", "a/{x}", "a/b") == "a/b");
  CHECK(Template("a/{x}", "a/{x}", "s").same_topic());
  CHECK_FALSE(Template("b/{x}", "a/{x}", "s").same_topic());
}

TEST_CASE("pattern: a remainder of no levels leaves no empty level") {
  CHECK(target("a/{rest...}", "t/{rest...}", "a") == "t");
  CHECK(target("a/{rest...}", "t/{rest...}/u", "a") == "t/u");
  CHECK(target("a/{rest...}", "t/{rest...}/u", "a/b/c") == "t/b/c/u");
  CHECK(target("a/{rest...}", "{rest...}/u", "a") == "u");
  CHECK(target("a/{rest...}", "{rest...}/u", "a/b") == "b/u");
  CHECK(target("a/{rest...}", "t-{rest...}/u", "a") == "t-/u");
  CHECK(target("a/{rest...}", "t-{rest...}/u", "a/b/c") == "t-b/c/u");
  CHECK(target("a/{rest...}", "{rest...}", "a") == "");
  CHECK(target("a/{rest...}", "{rest...}", "a/b/c") == "b/c");
}

TEST_CASE("pattern: a remainder of one empty level is kept") {
  CHECK(target("a/{rest...}", "t/{rest...}", "a/") == "t/");
  CHECK(target("a/{rest...}", "t/{rest...}/u", "a/") == "t//u");
}

TEST_CASE("pattern: the filter of a template matches whatever it renders") {
  CHECK(target_filter("t/{x}/till-{x}/{r...}", "{x}/{r...}") == "t/+/+/#");
  CHECK(target_filter("t/{r...}/u", "{x}/{r...}") == "t/#");
  CHECK(target_filter("t/s-{r...}/u", "{x}/{r...}") == "t/#");
  CHECK(target_filter("", "{x}/{r...}") == "+/#");
  CHECK(target_filter("stores/{bridge.id}", "a") == "stores/store-42");

  check_property("pattern: random templates over random topics", [] {
    const auto topic = *topics();
    const auto to =
        *rc::gen::element<std::string>("", "{r...}", "t/{x}", "t-{x}/{r...}", "{x}{r...}/t",
                                       "{r...}/{x}", "t/{r...}/{x}/u", "t/x-{r...}");
    RC_PRE(matches("+/#", topic));
    const Template target(to, "{x}/{r...}", "s");
    std::string out;
    target.render(topic, out);
    RC_PRE(valid_topic(out) && out[0] != '$');
    RC_ASSERT(matches(target.filter(), out));
  });
}
