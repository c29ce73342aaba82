#include "config/yaml.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "support/config_file.hpp"

using namespace bascule;
using namespace config_file;
using namespace std::chrono_literals;

TEST_CASE("config: what is no YAML is one problem at its place") {
  const std::pair<std::string, std::string> table[] = {
      {"a: b: c\n",
       "1:5: not valid YAML: a \":\" is out of place; check the indentation and the line above, "
       "and quote a text that contains \": \""},
      {"site:\n\turl: x\n", "2:5: not valid YAML: a tab cannot indent; use spaces"},
      {"site:\n  url: x\n ulr: y\n",
       "3:2: not valid YAML: this continues nothing above; check the indentation, and quote a "
       "text that begins with {"},
      {"a: {b: c/{d}/e}\n",
       "1:10: not valid YAML: a { is not closed; inside braces, quote a text that contains { or }"},
      {"a: [b\nc: d\n",
       "2:2: not valid YAML: a [ is not closed; inside brackets, quote a text that contains { or "
       "}"},
      {"a: */b\n",
       "1:4: not valid YAML: this alias has no anchor; quote a text that begins with *"},
      {"a: @b\n", "1:4: not valid YAML: quote a text that begins with this character"},
      {"a: \"b\nc: d\n", "1:4: the quote that opens here is not closed"},
      {"a: &x [*x]\n", "1:8: an alias inside its own anchor"},
      {"{a}: b\n", "1:1: a key must be a text; a text that begins with { needs quotes"},
      {"a: b\n---\nc: d\n",
       "2:1: the settings end above this line; check the indentation, and write one document "
       "only"},
  };
  for (const auto& [yaml, expected] : table) CHECK(problems(yaml) == Lines{expected});
}

TEST_CASE("config: anchors, aliases and merged keys work") {
  const BridgeConfig config = load(
      "bridge: {id: shop}\n"
      "site: &link\n"
      "  url: mqtt://localhost\n"
      "  keep_alive: &time 7s\n"
      "  slow_after: *time\n"
      "central:\n"
      "  <<: *link\n"
      "  url: mqtt://central\n");
  CHECK(config.site.slow_after == 7s);
  CHECK(config.central.keep_alive == 7s);
  CHECK(config.central.url == "mqtt://central");
  CHECK(problems(least + "journal: {max_size: &x 1GiB, when_full: *x}\n") ==
        Lines{"4:41: \"when_full\" cannot be \"1GiB\"; use pause, drop-oldest or drop-newest"});
}
