#include "cli/view/verdict.hpp"

#include <doctest/doctest.h>

using namespace bascule;
using nlohmann::json;

namespace {

constexpr std::int64_t now_ms = 1'763'817'600'000;  // 2025-11-22T13:20:00Z
constexpr std::uint64_t mebi = 1 << 20;

// All is well: an hour's backlog in a lane that has hours.
json sample() {
  return json::parse(R"({
    "links": {"site": {"state": "up", "since": "2025-11-19T09:20:00Z", "last_error": null},
              "central": {"state": "up", "since": "2025-11-22T11:20:00Z", "last_error": null}},
    "lanes": [{"name": "media", "direction": "up", "backlog": 60, "backlog_bytes": 62914560,
               "oldest_age_s": 3600, "waits_for": null}],
    "routes": [{"name": "sales", "state": "subscribed", "filter": "pos/#"}],
    "journal": {"bytes": 125829120, "max_bytes": 4294967296, "free_bytes": 107374182400,
                "min_free_bytes": 268435456, "full": false, "trouble": null},
    "held": {"messages": 0, "topics": 0}, "quarantine": {"messages": 0},
    "cases": {"open": 0}, "losses": {"messages": 0}})");
}

std::string text(const json& status) { return verdict_text(verdict(status, now_ms), false); }

}  // namespace

TEST_CASE("verdict: what waits is told, and by itself no fault") {
  CHECK(text(sample()) ==
        "OK  60 messages wait, 60 MiB, the oldest for 1 h; at this rate the journal is full "
        "in 2 d 19 h\n");
  json status = sample();
  status["lanes"][0]["oldest_age_s"] = 59;  // it may have come all at once
  CHECK(text(status) == "OK\n");
}

TEST_CASE("verdict: cases and losses are known, and no fault") {
  json status = sample();
  status["lanes"] = json::array();
  status["cases"]["open"] = 1;
  status["losses"]["messages"] = 2;
  CHECK(text(status) ==
        "OK  1 case waits for a person: 'bascule cases list'\n"
        "    2 messages lost so far: 'bascule journal losses'\n");
}

TEST_CASE("verdict: a link that is paused brings nothing in, whether or not the journal is full") {
  json status = sample();
  status["lanes"] = json::array();
  status["links"]["site"] = {{"state", "paused"},
                             {"since", "2025-11-22T13:19:00Z"},
                             {"last_error", "paused: the journal is full (max_size)"}};
  CHECK(text(status) == "FAILING  site: paused for 1 min (the journal is full (max_size))\n");
}

TEST_CASE("verdict: what was lost, or forgotten, within a day is a fault; later it is known") {
  json status = sample();
  status["lanes"] = json::array();
  status["losses"] = {{"messages", 2}, {"last", "2025-11-22T11:20:00Z"}};
  CHECK(text(status) ==
        "DEGRADED  2 messages lost so far, the last 2 h ago: 'bascule journal losses'\n");
  status["losses"]["last"] = "2025-11-21T13:20:00Z";
  CHECK(text(status) == "OK  2 messages lost so far, the last 1 d ago: 'bascule journal losses'\n");
  status["losses"]["messages"] = 0;
  status["links"]["central"]["forgot"] = {{"last", "2025-11-22T13:19:00Z"},
                                          {"advice", "this broker forgets"}};
  CHECK(text(status) ==
        "DEGRADED  central: this broker forgets ('bascule acknowledge central' once it is "
        "mended)\n");
  status["links"]["central"]["forgot"]["acknowledged"] = true;
  CHECK(text(status) == "OK\n");
  status["links"]["central"]["forgot"]["acknowledged"] = false;
  status["links"]["central"]["forgot"]["last"] = "2025-11-20T13:19:00Z";
  CHECK(text(status) == "OK\n");
}

TEST_CASE("verdict: a session that ended by itself counts where a route comes from that broker") {
  json status = sample();
  status["lanes"] = json::array();
  status["links"]["central"]["expired"] = {{"last", "2025-11-22T13:19:00Z"},
                                           {"advice", "its session ended"}};
  status["routes"] = {{{"name", "sales"}, {"direction", "up"}}};
  CHECK(text(status) == "OK\n");
  status["routes"].push_back({{"name", "orders"}, {"direction", "down"}});
  CHECK(text(status) ==
        "DEGRADED  central: its session ended ('bascule acknowledge central' ends this)\n");
  status["links"]["central"]["expired"]["acknowledged"] = true;
  CHECK(text(status) == "OK\n");
}

TEST_CASE("verdict: a log that the medium damaged is told for a day") {
  json status = sample();
  status["lanes"] = json::array();
  status["journal"]["log_damage"] = {{"last", "2025-11-22T13:19:00Z"}, {"advice", "replace it"}};
  CHECK(text(status) == "DEGRADED  journal: replace it\n");
  status["journal"]["log_damage"]["last"] = "2025-11-20T13:19:00Z";
  CHECK(text(status) == "OK\n");
}

TEST_CASE("verdict: flash that lasts less than a year is to be replaced") {
  json status = sample();
  status["lanes"] = json::array();
  status["journal"]["flash"] = {{"years_left", 0.5}};
  CHECK(text(status) ==
        "DEGRADED  the flash lasts at most 182 days at the rate that bascule writes\n");
  status["journal"]["flash"]["years_left"] = 1;
  CHECK(text(status) == "OK\n");
  status["journal"]["flash"]["years_left"] = nullptr;
  CHECK(text(status) == "OK\n");
}

TEST_CASE("verdict: each thing that should cross and does not is a reason") {
  const auto degraded = [](const char* change, const std::string& why) {
    json status = sample();
    status["lanes"] = json::array();
    status.merge_patch(json::parse(change));
    const Verdict found = verdict(status, now_ms);
    CHECK(found.health == Health::degraded);
    CHECK(found.because == std::vector<std::string>{why});
  };
  degraded(R"({"links": {"central": {"state": "down", "last_error": "connection refused"}}})",
           "central: down for 2 h (connection refused)");
  degraded(R"({"links": {"site": {"state": "slow"}}})", "site: slow for 3 d 4 h");
  degraded(R"({"links": {"central": {"warning": "that goes unnoticed"}}})",
           "central: that goes unnoticed");
  degraded(R"({"orphans": [{"advice": "1 message of lane x waits", "oldest_age_s": 60}]})",
           "1 message of lane x waits; the oldest came 1 min ago");
  degraded(R"({"held": {"messages": 12, "topics": 2}})",
           "12 messages held: the broker refuses 2 topics");
  degraded(R"({"quarantine": {"messages": 1}})",
           "1 message in quarantine: 'bascule journal quarantine list'");
  degraded(R"({"routes": [{"name": "r", "state": "refused", "filter": "a/#"}]})",
           "route r: its subscription is refused: a/#");
  degraded(R"({"lanes": [{"name": "d", "direction": "up", "waits_for": "quota exceeded"}]})",
           "lane d up waits: the broker refuses for now: quota exceeded");
}

TEST_CASE("verdict: a journal that takes nothing in is worse than anything, and comes first") {
  json status = sample();
  status["links"]["central"]["state"] = "down";
  status["journal"]["full"] = true;
  Verdict found = verdict(status, now_ms);
  CHECK(found.health == Health::failing);
  CHECK(found.because.front() ==
        "the journal is full (120 MiB, 100 GiB free on its file system); it goes on as soon as "
        "there is room");
  status["journal"]["full"] = false;
  status["journal"]["trouble"] = "input/output error";
  found = verdict(status, now_ms);
  CHECK(found.health == Health::failing);
  CHECK(found.because.front() == "journal: input/output error; nothing is taken in meanwhile");
}

TEST_CASE(
    "verdict: the smaller of the journal's room and the disk's counts, and history gives way") {
  json status = sample();
  status["journal"]["free_bytes"] = 256 * mebi + 600 * mebi;
  // 60 MiB an hour into 600 MiB of the disk, and the 60 MiB that have crossed.
  const Verdict found = verdict(status, now_ms);
  CHECK(found.health == Health::failing);
  CHECK(found.because.front() ==
        "60 messages wait, 60 MiB, the oldest for 1 h; at this rate the disk is full in 11 h");
  status["journal"]["free_bytes"] = 0;  // below what is left for others
  CHECK(verdict(status, now_ms).because.front().ends_with("is full in 1 h"));
}

TEST_CASE("verdict: an outage is one line, with its end") {
  json status = sample();
  status["links"]["central"]["state"] = "down";
  status["links"]["central"]["last_error"] = "connection refused";
  status["lanes"] = json::parse(R"([
    {"name": "default", "direction": "up", "backlog": 3000, "backlog_bytes": 1048576,
     "oldest_age_s": 7200, "drained_per_s": 1000},
    {"name": "media", "direction": "up", "backlog": 60, "held": 10, "backlog_bytes": 1048576,
     "oldest_age_s": 10, "drained_per_s": 5}])");
  CHECK(text(status).starts_with(
      "DEGRADED  central: down for 2 h (connection refused); 3,060 messages wait, 2.0 MiB, the "
      "oldest for 2 h; drained about 13 s after it is back\n"));
  status["lanes"][1]["drained_per_s"] = 0;  // as fast as the other
  CHECK(text(status).find("drained about 3 s after") != std::string::npos);
  status["lanes"][0]["drained_per_s"] = 0;  // nobody knows
  CHECK(text(status).find("drained") == std::string::npos);
  status["lanes"][0]["drained_per_s"] = 300;
  status["links"]["central"]["state"] = "up";
  CHECK(text(status).find("; drained in about 10 s\n") != std::string::npos);
}

TEST_CASE("verdict: it fits the page") {
  json status = sample();
  status["links"]["central"]["state"] = "down";
  CHECK(verdict_text(verdict(status, now_ms), false, 60) ==
        "DEGRADED  central: down for 2 h; 60 messages wait, 60 MiB,\n"
        "          the oldest for 1 h; at this rate the journal is\n"
        "          full in 2 d 19 h\n");
}

TEST_CASE("verdict: a daemon of another version may leave anything out") {
  CHECK(text(json::object()) == "OK\n");
  CHECK(verdict_json(verdict(json::object(), now_ms)) ==
        json{{"state", "ok"}, {"because", json::array()}});
}

TEST_CASE("verdict: what a person has paused is degraded, and named; it is no failure") {
  json status = sample();
  status["lanes"] = json::array();
  status["links"]["central"] = {
      {"state", "paused"},
      {"since", "2025-11-22T13:19:30Z"},
      {"last_error", nullptr},
      {"paused", {{"link", "central"}, {"since", "2025-11-22T13:19:00Z"}, {"by", "ann"}}}};
  CHECK(text(status) == "DEGRADED  central: paused by ann, 1 min ago ('bascule resume central')\n");
  status = sample();
  status["lanes"] = json::array(
      {{{"name", "media"},
        {"direction", "up"},
        {"paused", {{"lane", "media"}, {"direction", "up"}, {"since", "2025-11-22T13:19:00Z"}}}}});
  CHECK(text(status) ==
        "DEGRADED  lane media up is paused, 1 min ago ('bascule resume --lane media')\n");
}
