#include "control/feed_writer.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "base64.hpp"
#include "control/http/feed.hpp"
#include "support/broker.hpp"

using namespace bascule;
using nlohmann::json;

namespace {

// A bridge as the API shows it.
struct Shown {
  json ask(const std::string& question, const Query& query) {
    const std::lock_guard lock(mutex);
    ++asked;
    if (trouble) throw std::runtime_error("trouble");
    if (question == "GET /v1/status") {
      return {{"uptime_s", asked},
              {"backlog", backlog},
              {"links", {{"site", json::object()}}},
              {"journal", {{"free_bytes", (1 << 24) + asked}, {"written_bytes", asked}}},
              {"lanes",
               {{{"name", "default"}, {"direction", "up"}, {"next_sequence", 9}},
                {{"name", "events"}, {"direction", "up"}, {"next_sequence", events.size() + 1}}}}};
    }
    if (question == "GET /v1/fleet") return {{"sites", backlog}};
    json messages = json::array();
    for (std::uint64_t number = query.number("from", 0); number <= events.size(); ++number) {
      messages.push_back({{"sequence", number}, {"payload_base64", to_base64(events[number - 1])}});
    }
    return {{"messages", messages}};
  }

  template <class Work>
  void change(const Work& work) {
    const std::lock_guard lock(mutex);
    work(*this);
  }

  std::mutex mutex;
  int asked = 0, backlog = 0;
  bool trouble = false;
  std::vector<std::string> events = {R"({"event":"before"})"};
};

struct Listening {
  // What has been told, and is not heard() yet.
  bool hears(const std::string& part) {
    return test::wait_for([&] {
      heard += reader->take();
      return heard.find(part) != std::string::npos;
    });
  }
  void listen() {
    reader = std::make_unique<Feed::Reader>(feed, [] {});
    heard.clear();
  }

  Shown shown;
  Feed feed;
  FeedWriter writer{feed, [this](const std::string& question, const Query& query) {
                      return shown.ask(question, query);
                    }};
  std::unique_ptr<Feed::Reader> reader;
  std::string heard;
};

}  // namespace

TEST_CASE("feed writer: nothing is asked before somebody listens; then the status comes at once") {
  Listening test;
  CHECK(test.shown.asked == 0);
  test.listen();
  CHECK(test.hears("event: status\ndata: "));
  CHECK(test.heard.find("before") == std::string::npos);
}

TEST_CASE("feed writer: what has changed is told, with the events; time alone is no change") {
  Listening test;
  test.listen();
  REQUIRE(test.hears("\"backlog\":0"));
  test.shown.change([](Shown& shown) {
    shown.backlog = 7;
    shown.events.push_back(R"({"event":"link_down"})");
  });
  CHECK(test.hears("\"backlog\":7"));
  CHECK(test.heard.find("event: event\ndata: {\"event\":\"link_down\"}\n\n") != std::string::npos);
  CHECK(test.hears("event: fleet\ndata: {\"sites\":7}"));  // it has no central link: a hub
  int asked = 0;
  test.shown.change([&](Shown& shown) { asked = shown.asked; });
  CHECK(test::wait_for([&] {
    const std::lock_guard lock(test.shown.mutex);
    return test.shown.asked >= asked + 4;
  }));
  CHECK(test.reader->take().empty());
}

TEST_CASE("feed writer: what cannot be asked now is told later") {
  Listening test;
  test.shown.change([](Shown& shown) { shown.trouble = true; });
  test.listen();
  CHECK(test::wait_for([&] {
    const std::lock_guard lock(test.shown.mutex);
    return test.shown.asked > 1;
  }));
  CHECK(test.reader->take().empty());
  test.shown.change([](Shown& shown) { shown.trouble = false; });
  CHECK(test.hears("event: status"));
}
