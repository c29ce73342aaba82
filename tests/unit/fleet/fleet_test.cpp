#include "fleet/fleet.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/view/fleet_view.hpp"
#include "fleet/summary.hpp"
#include "message/own.hpp"
#include "text/time.hpp"

using namespace bascule;
using nlohmann::json;

namespace {

constexpr std::int64_t begin_ms = 1'795'000'000'000;
constexpr std::int64_t minute_ms = 60'000;

// A hub's fleet, and what it keeps.
struct Hub {
  Hub() {
    fleet.on_state = [this](const SiteState& state) { kept[state.site] = state; };
    fleet.on_forgotten = [this](const std::string& site) { kept.erase(site); };
  }
  bool hear(const std::string& topic, const std::string& payload) {
    return fleet.hear(topic, payload, now_ms);
  }
  void site(const std::string& id, const Summary& summary) {
    CHECK(hear(own_topic(id, "state"), "online"));
    CHECK(hear(own_topic(id, "summary"), summary_text(summary, now_ms)));
  }
  std::vector<std::string> order() const {
    const json report = fleet.report(now_ms);
    std::vector<std::string> sites;
    for (const json& site : report["sites"]) sites.push_back(site["site"]);
    return sites;
  }
  json about(const std::string& id) const {
    const json report = fleet.report(now_ms);
    for (const json& site : report["sites"]) {
      if (site["site"] == id) return site;
    }
    return {};
  }

  Fleet fleet{"hub"};
  std::map<std::string, SiteState> kept;
  std::int64_t now_ms = begin_ms;
};

}  // namespace

TEST_CASE("fleet: who needs help comes first, with what it needs") {
  Hub hub;
  hub.site("well", {});
  hub.site("cases", {.cases = 2});
  hub.site("slow", {.slow = true, .backlog = 12, .oldest_s = 7});
  hub.site("full", {.full = true});
  hub.site("lost", {.lost = 5, .lost_ms = begin_ms - minute_ms});
  hub.site("lost.long-ago", {.lost = 5, .lost_ms = begin_ms - 48 * 60 * minute_ms});
  hub.site("gone", {.backlog = 3});
  hub.now_ms += minute_ms;
  CHECK(hub.hear("bascule/gone/state", "offline"));
  CHECK(hub.order() ==
        std::vector<std::string>{"gone", "full", "lost", "slow", "cases", "lost.long-ago", "well"});
  CHECK(hub.about("gone")["state"] == "offline");
  CHECK(hub.about("gone")["since"] == utc_text(begin_ms + minute_ms));
  CHECK(hub.about("gone")["backlog"] == 3);
  CHECK(hub.about("slow")["state"] == "slow");
  CHECK(hub.about("slow")["needs"] == json{"its line is slow"});
  CHECK(hub.about("cases")["needs"] == json{"2 cases wait for a person"});
  CHECK(hub.about("well")["needs"].empty());
  const std::string shown = render_fleet(hub.fleet.report(hub.now_ms), false);
  CHECK(shown.starts_with("7 sites: 1 offline, 1 slow, 5 online\n"));
  CHECK(shown.find("gone") < shown.find("full"));
}

TEST_CASE("fleet: since when a site is as it is stays over a restart of the hub") {
  Hub hub;
  hub.site("a", {});
  hub.site("b", {});
  hub.now_ms += minute_ms;
  hub.hear("bascule/a/state", "offline");
  Hub again;
  again.fleet.recall({hub.kept.at("a"), hub.kept.at("b")});
  CHECK(again.order().empty());  // nobody has said so yet
  again.now_ms = begin_ms + 5 * minute_ms;
  again.hear("bascule/a/state", "offline");
  again.hear("bascule/b/state", "offline");  // meanwhile
  CHECK(again.about("a")["since"] == utc_text(begin_ms + minute_ms));
  CHECK(again.about("b")["since"] == utc_text(begin_ms + 5 * minute_ms));
  CHECK(again.kept.contains("b"));
  CHECK_FALSE(again.kept.contains("a"));  // it is kept as it was
}

TEST_CASE("fleet: a pause and a journal that takes nothing are known from the events") {
  Hub hub;
  hub.site("a", {});
  CHECK(hub.hear("bascule/a/events", R"({"event":"paused","link":"central","by":"ann"})"));
  CHECK(hub.hear("bascule/a/state", "offline"));
  CHECK(hub.about("a")["needs"] == json{"its link is paused by ann"});
  CHECK(hub.hear("bascule/a/events", R"({"event":"resumed","link":"central","by":"ann"})"));
  CHECK(hub.hear("bascule/a/state", "online"));
  CHECK(hub.hear("bascule/a/events", R"({"event":"journal_paused","reason":"max_size"})"));
  CHECK(hub.about("a")["needs"] == json{"its journal takes nothing in: max_size"});
  CHECK(hub.hear("bascule/a/events", R"({"event":"journal_resumed","reason":"max_size"})"));
  CHECK(hub.about("a")["needs"].empty());
}

TEST_CASE("fleet: a state that is cleared forgets its site; the hub itself is none") {
  Hub hub;
  hub.site("a.b", {});
  CHECK(hub.hear("bascule/a~b/state", "offline"));
  CHECK(hub.about("a.b")["state"] == "offline");
  CHECK(hub.hear("bascule/a~b/state", ""));
  CHECK(hub.order().empty());
  CHECK(hub.kept.empty());
  CHECK(hub.hear("bascule/hub/state", "online"));
  CHECK(hub.order().empty());
}

TEST_CASE("fleet: what is not as a bridge says it is refused and counted, and changes nothing") {
  Hub hub;
  hub.site("a", {.backlog = 1});
  const json before = hub.about("a");
  const std::string good = summary_text({}, begin_ms);
  const auto with = [&](const std::string& part, const std::string& other) {
    return std::string(good).replace(good.find(part), part.size(), other);
  };
  std::uint64_t refused = 0;
  for (const auto& [topic, payload] : std::vector<std::pair<std::string, std::string>>{
           {"bascule/a/state", "ONLINE"},
           {"bascule/a/state", R"({"state":"online"})"},
           {"bascule/<script>/state", "online"},
           {"bascule/a b/state", "online"},
           {"bascule//state", "online"},
           {"bascule/a.b/state", "online"},  // a bridge writes ~
           {"bascule/" + std::string(65, 'x') + "/state", "online"},
           {"elsewhere/a/state", "online"},
           {"bascule/a/other", "online"},
           {"bascule/a/summary", "[]"},
           {"bascule/a/summary", "{"},
           {"bascule/a/summary", R"({"backlog":1})"},
           {"bascule/a/summary", with("\"backlog\":0", "\"backlog\":-1")},
           {"bascule/a/summary", with("\"backlog\":0", "\"backlog\":1e300")},
           {"bascule/a/summary", with("\"backlog\":0", "\"backlog\":18446744073709551615")},
           {"bascule/a/summary", with("\"slow\":false", "\"slow\":1")},
           {"bascule/a/summary", good + std::string(Fleet::payload_bytes_max, ' ')},
           {"bascule/a/events", "\xff"},
           {"bascule/a/events", R"(["paused"])"}}) {
    CHECK_MESSAGE(!hub.hear(topic, payload), topic << ' ' << payload);
    CHECK(hub.fleet.report(hub.now_ms)["refused"] == ++refused);
  }
  CHECK(hub.about("a") == before);
  CHECK(hub.order() == std::vector<std::string>{"a"});
}

TEST_CASE("fleet: texts are cut, numbers are numbers, and there are no more sites than the bound") {
  Hub hub;
  hub.site("a", {});
  std::string said = summary_text({}, begin_ms);
  const std::string version = json::parse(said)["version"];
  said.replace(said.find(version), version.size(), std::string(2'000, 'v'));
  CHECK(hub.hear("bascule/a/summary", said));
  CHECK(hub.about("a")["version"].get<std::string>().size() == 200);
  for (std::size_t n = 1; n < Fleet::sites_max + 10; ++n) {
    hub.hear("bascule/site-" + std::to_string(n) + "/state", "online");
  }
  CHECK(hub.order().size() == Fleet::sites_max);
  CHECK(hub.fleet.report(hub.now_ms)["left_out"] == 10);
}

TEST_CASE("summary: what needs a person is told soon, what waits by its size, and seldom") {
  const Summary told{.backlog = 5, .oldest_s = 20};
  CHECK_FALSE(worth_telling(told, told, 24 * 60 * minute_ms));
  CHECK_FALSE(worth_telling(told, {.backlog = 9, .oldest_s = 99}, 60 * minute_ms));
  CHECK(worth_telling(told, {.backlog = 10, .oldest_s = 20}, minute_ms));
  CHECK_FALSE(worth_telling(told, {.backlog = 10, .oldest_s = 20}, minute_ms - 1));
  CHECK(worth_telling(told, {}, minute_ms));
  CHECK(worth_telling(told, {.slow = true, .backlog = 5, .oldest_s = 20}, 15'000));
  CHECK_FALSE(worth_telling(told, {.slow = true, .backlog = 5, .oldest_s = 20}, 14'999));
  CHECK(worth_telling(told, {.backlog = 5, .lost = 1, .oldest_s = 20}, 15'000));
  CHECK(summary_text({}, begin_ms).size() < 300);
}
