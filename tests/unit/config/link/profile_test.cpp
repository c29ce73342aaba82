#include "config/link/profile.hpp"

#include <doctest/doctest.h>

#include <string>

#include "support/config_file.hpp"

using namespace bascule;
using namespace config_file;
using namespace std::chrono_literals;

TEST_CASE("config: each profile can be read, and sets something") {
  for (const auto& [word, profile] : profile_words) {
    CAPTURE(word);
    LinkSettings settings;
    apply(profile, "shop", settings);
    CHECK((settings == LinkSettings{}) == (profile == Profile::none));
    CHECK(load(with_site("  url: mqtt://h\n  profile: " + std::string(word) + '\n')).site.profile ==
          profile);
  }
}

TEST_CASE("config: what the file says counts more than the profile") {
  const LinkSettings link = load(with_site("  window: 10\n  url: mqtts://h\n  profile: aws-iot\n"
                                           "  own_topics: {events: on}\n  topic: {levels: 4}\n"))
                                .site;
  CHECK(link.window == 10);
  CHECK(link.own_topics.events.on);
  CHECK(link.own_topics.bookmark_every == 30s);
  CHECK(link.topic_limits == TopicLimits{4, 256});
  CHECK(link.max_qos == Qos::at_least_once);
}

TEST_CASE("config: AWS IoT on the port that it shares is told the protocol") {
  const auto alpn = [](const std::string& url) {
    return load(with_site("  profile: aws-iot\n  url: \"" + url + "\"\n")).site.tls.alpn;
  };
  CHECK(alpn("mqtts://h:443") == std::vector<std::string>{"x-amzn-mqtt-ca"});
  CHECK(alpn("mqtts://h").empty());
  CHECK(alpn("wss://h:443").empty());
}

TEST_CASE("config: the user of an IoT hub is made of the host and the client id") {
  const std::string yaml =
      "  profile: azure-iot-hub\n  url: mqtts://hub.example\n  client_id: d1\n";
  CHECK(load(with_site(yaml)).site.username == "hub.example/d1/?api-version=2021-04-12");
  CHECK(load(with_site(yaml + "  username: me\n")).site.username == "me");
}
