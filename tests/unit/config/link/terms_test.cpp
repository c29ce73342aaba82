#include "config/link/terms.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "support/config_file.hpp"

using namespace bascule;
using namespace config_file;
using namespace std::chrono_literals;

namespace {

LinkSettings site(const std::string& lines) {
  return load(with_site("  url: mqtt://h\n" + lines)).site;
}

}  // namespace

TEST_CASE("config: the limits of a guest are read") {
  const LinkSettings link = site(
      "  max_qos: 1\n  retain: off\n  max_payload: 128KiB\n  topic: {levels: 8, bytes: 256}\n"
      "  rate: {messages: 90/s, bytes: 500KiB/s}\n  subscriptions: {at_once: 8, total: 50}\n");
  CHECK(link.max_qos == Qos::at_least_once);
  CHECK_FALSE(link.retain);
  CHECK(link.publish_max_payload_bytes == 128 << 10);
  CHECK(link.topic_limits == TopicLimits{8, 256});
  CHECK(link.rate == LinkRate{90, 500 << 10});
  CHECK(link.subscription_limits == SubscriptionLimits{8, 50});
  CHECK(site("  rate: {messages: 90msg/s}\n").rate.messages_per_s == 90);
}

TEST_CASE("config: the bridge's own topics are on, off, or a topic") {
  const OwnTopics own =
      site(
          "  own_topics: {prefix: \"sites/{bridge.id}\", state: a/b, events: off, will: off,\n"
          "    bookmark: {every: 30s}}\n")
          .own_topics;
  CHECK(own.prefix == "sites/shop");
  CHECK(own.state == OwnTopic{true, "a/b"});
  CHECK(own.bookmark == OwnTopic{});
  CHECK(own.bookmark_every == 30s);
  CHECK_FALSE(own.events.on);
  CHECK(own.summary.on);
  CHECK_FALSE(own.will);
  CHECK_FALSE(site("  own_topics: {bookmark: off}\n").own_topics.bookmark.on);
  const OwnTopics none = site("  own_topics: off\n").own_topics;
  CHECK_FALSE(none.state.on);
  CHECK_FALSE(none.bookmark.on);
  CHECK_FALSE(none.will);
}

TEST_CASE("config: limits and topics that cannot be are refused") {
  const std::pair<std::string, std::string> table[] = {
      {"max_qos: 0", "12: \"max_qos\" must be a whole number, 1 to 2, not \"0\""},
      {"retain: no", "11: \"retain\" must be on or off, not \"no\""},
      {"rate: {messages: fast}", "20: \"messages\" must be a rate such as 90/s, not \"fast\""},
      {"rate: {messages: 9KiB/s}", "20: \"messages\" must be a rate such as 90/s, not \"9KiB/s\""},
      {"rate: {bytes: 9msg/s}", "17: \"bytes\" must be a rate such as 500KiB/s, not \"9msg/s\""},
      {"topic: {levels: 0}", "19: \"levels\" must be a whole number, 1 to 65535, not \"0\""},
      {"own_topics: {state: yes}",
       "23: \"state\" must be on, off or a topic with a slash, not \"yes\""},
      {"own_topics: {prefix: \"a/#\"}", "24: \"prefix\" is no topic: "},
      {"own_topics: {state: a/b, events: a/b}",
       "3: \"own_topics\" names \"a/b\" twice; each needs a topic of its own"},
  };
  for (const auto& [line, expected] : table) {
    const Lines found = problems(with_site("  url: mqtt://h\n  " + line + '\n'));
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("3:" + expected));
  }
}

TEST_CASE("config: a bookmark or a will that cannot be is warned of") {
  const auto warned = [](const std::string& lines) {
    std::string all;
    for (const Problem& one : load(with_site("  url: mqtt://h\n  " + lines + '\n')).warnings) {
      all += one.text.substr(0, one.text.find(',')) + ';';
    }
    return all;
  };
  CHECK(warned("retain: off\n  own_topics: {bookmark: on}") ==
        "\"bookmark\" has no effect with \"retain: off\";");
  CHECK(warned("retain: off\n  own_topics: {bookmark: {every: 30s}}") ==
        "\"bookmark\" has no effect with \"retain: off\";");
  CHECK(warned("own_topics: {state: off, will: on}") ==
        "\"will\" has no effect with \"state: off\";");
  CHECK(warned("retain: off\n  own_topics: {bookmark: off}").empty());
  CHECK(warned("retain: off").empty());
  CHECK(warned("own_topics: {state: off}").empty());
  CHECK(warned("own_topics: {state: off, will: off}").empty());
}
