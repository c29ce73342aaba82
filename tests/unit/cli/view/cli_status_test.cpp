#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include "cli/view/status_view.hpp"
#include "cli/view/terminal.hpp"

using namespace bascule;
using nlohmann::json;

namespace {

constexpr std::int64_t now_ms = 1'763'817'600'000;  // 2025-11-22T13:20:00Z

json sample() {
  return json::parse(R"({
    "bridge": "store-42", "version": "0.1.0", "epoch": "5f3a9c1e0d2b4a67", "uptime_s": 273600,
    "links": {
      "site": {"state": "up", "since": "2025-11-19T09:20:00Z", "broker": "mqtt://localhost:1883",
               "protocol": 5, "rtt_ms": 0.4, "reconnects": 0, "last_error": null},
      "central": {"state": "down", "since": "2025-11-22T13:08:00Z",
                  "broker": "mqtts://c.example:8883", "protocol": 0, "rtt_ms": 0, "reconnects": 12,
                  "last_error": "connection refused"}},
    "lanes": [
      {"name": "sales", "direction": "up", "next_sequence": 5001, "cursor": 1000, "backlog": 4000,
       "backlog_bytes": 800000, "oldest_age_s": 720, "in_flight": 0},
      {"name": "default", "direction": "down", "next_sequence": 1, "cursor": 0, "backlog": 0,
       "backlog_bytes": 0, "oldest_age_s": 0, "in_flight": 0}],
    "counters": {
      "up": {"received": 5010, "journaled": 5000, "unrouted": 7, "repeats": 2, "refused": 1,
             "forwarded": 1000, "unconfirmed": 10, "expired": 0, "evicted": 0,
             "quarantined": 0, "pending": 4000},
      "down": {"received": 0, "journaled": 0, "unrouted": 0, "repeats": 0, "refused": 0,
               "forwarded": 0, "expired": 0, "evicted": 0, "quarantined": 0, "pending": 0}},
    "journal": {"bytes": 1234567, "sync": "full", "free_bytes": 24567890123},
    "cases": {"open": 0}, "losses": {"messages": 0}})");
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("cli: status shows to the byte what was granted, and until when a token is good") {
  json status = sample();
  json& site = status["links"]["site"];
  const auto shown = [&](std::uint64_t bytes) {
    site["granted"] = {{"session_expiry_s", 60},
                       {"keep_alive_s", 30},
                       {"maximum_qos", 1},
                       {"maximum_packet_bytes", bytes},
                       {"receive_maximum", 10}};
    return render_status(status, {.now_ms = now_ms});
  };
  CHECK(contains(shown(128 << 10), "packets up to 128KiB,"));
  CHECK(contains(shown(149'504), "packets up to 146KiB,"));
  CHECK(contains(shown(149'505), "packets up to 149,505 bytes,"));
  CHECK(contains(shown(268'435'460), "packets of any size,"));
  CHECK_FALSE(contains(shown(1), "token"));
  site["token_until"] = "2025-11-22T14:00:00Z";
  CHECK(contains(shown(1), "its token is good for 40 min, until 2025-11-22T14:00:00Z"));
  site["token_until"] = "2025-11-22T13:00:00Z";
  CHECK(contains(shown(1), "its token ended at 2025-11-22T13:00:00Z"));
}

TEST_CASE("cli: status is one page") {
  CHECK(render_status(sample(), {.now_ms = now_ms}) ==
        "DEGRADED  central: down for 12 min (connection refused); 4,000 messages wait, 781 KiB, "
        "the oldest for 12 min\n"
        R"(
store-42  bascule 0.1.0, running for 3 d 4 h, epoch 5f3a9c1e0d2b4a67

LINK     STATE      FOR     RTT  PROTOCOL  RECONNECTS  BROKER
site     up     3 d 4 h  0.4 ms  MQTT 5             0  mqtt://localhost:1883
central  down    12 min       -  -                 12  mqtts://c.example:8883
  connection refused

LANE     DIRECTION  WAITING     SIZE  OLDEST  IN FLIGHT
sales    up           4,000  781 KiB  12 min          0
default  down             0        -       -          0

IN    RECEIVED  JOURNALED  UNROUTED  REPEATS  REFUSED
up       5,010      5,000         7        2        1
down         0          0         0        0        0

OUT   FORWARDED  UNCONFIRMED  PENDING  EXPIRED  EVICTED  QUARANTINED
up        1,000           10    4,000        0        0            0
down          0            0        0        0        0            0

journal  1.2 MiB, sync full, 23 GiB free on its file system
losses   none
)");
}

TEST_CASE("cli: what a broker refuses is the first thing that status shows") {
  json status = sample();
  status["held"] = {{"messages", 2'000},
                    {"topics", 2},
                    {"by_topic",
                     {{{"direction", "up"},
                       {"lane", "sales"},
                       {"topic", "stores/42/sale"},
                       {"reason", "not authorized (0x87)"},
                       {"messages", 1'999},
                       {"since", "2025-11-22T13:08:00Z"}}}}};
  status["lanes"][1]["waits_for"] = "quota exceeded (0x97)";
  status["quarantine"] = {{"messages", 3}, {"bytes", 4'096}};
  const std::string page = render_status(status, {.now_ms = now_ms});
  const auto at = [&](const char* text) { return page.find(text); };
  CHECK(at("stores/42/sale  up         sales     1,999  12 min  not authorized (0x87)") <
        at("LINK "));
  CHECK(contains(page, "and 1 topics more"));
  CHECK(at("lane default down waits: the broker refuses for now: quota exceeded (0x97)") <
        at("LINK "));
  CHECK(at("'bascule journal quarantine add --lane default --direction down' takes it out") <
        at("LINK "));
  CHECK(at("3 messages are quarantined (4.0 KiB)") < at("LINK "));
}

TEST_CASE("cli: a broker that forgets is named, and what was not sent to it again") {
  json status = sample();
  CHECK_FALSE(contains(render_status(status, {.now_ms = now_ms}), "resend"));
  status["links"]["central"]["forgot"] = {{"advice", "this broker forgets: make it keep sessions"}};
  status["losses"]["not_resent"] = 1'200;
  const std::string page = render_status(status, {.now_ms = now_ms});
  CHECK(contains(page, "this broker forgets: make it keep sessions"));
  CHECK(contains(page, "losses   none\n"));
  CHECK(contains(page, "resend   1,200 that a broker may have lost were not sent again; "));
  CHECK(contains(page, "'bascule journal replay' sends them\n"));
}

TEST_CASE("cli: what a person has acknowledged is not told") {
  json status = sample();
  status["links"]["central"]["forgot"] = {{"advice", "this broker forgets"},
                                          {"acknowledged", true}};
  CHECK_FALSE(contains(render_status(status, {.now_ms = now_ms}), "this broker forgets"));
}

TEST_CASE("cli: of a link that is down it is told when it is tried again") {
  json status = sample();
  const auto page = [&] { return render_status(status, {.now_ms = now_ms}); };
  CHECK_FALSE(contains(page(), "tried"));  // an older daemon does not tell
  status["links"]["central"]["next_try"] = "2025-11-22T13:20:42Z";
  CHECK(contains(page(), "connection refused; tried again in 42 s\n"));
  status["links"]["central"]["next_try"] = nullptr;
  CHECK(contains(page(), "connection refused; it is being tried now\n"));
  status["links"]["central"]["state"] = "paused";
  CHECK_FALSE(contains(page(), "tried"));
}

TEST_CASE("cli: how long the flash lasts is told, or why that is unknown") {
  json status = sample();
  const auto page = [&] { return render_status(status, {.now_ms = now_ms}); };
  CHECK_FALSE(contains(page(), "flash"));
  json& flash = status["journal"]["flash"];
  flash = {{"years_left", nullptr}, {"why", "nobody says it"}};
  CHECK(contains(page(), "flash    years left unknown: nobody says it\n"));
  flash = {{"years_left", 4.25}, {"why", nullptr}};
  const std::string rest =
      " years left by what bascule writes; others write, too, and the medium more than it is told";
  CHECK(contains(page(), "flash    at most 4.2" + rest + '\n'));
  flash = {{"years_left", 20}, {"why", "as if it were new"}};
  CHECK(contains(page(), "flash    more than 20" + rest + "; as if it were new\n"));
}

TEST_CASE("cli: rates are the growth since the answer before") {
  json later = sample();
  later["lanes"][0]["cursor"] = 1'500;
  later["counters"]["up"]["received"] = 5'013;
  const std::string page =
      render_status(later, {.now_ms = now_ms, .before = sample(), .elapsed_s = 2});
  CHECK(contains(page, "IN FLIGHT  FORWARDED\n"));
  CHECK(contains(page, "        0      250/s\n"));
  CHECK(contains(page, "        1  1.5/s\n"));
}

TEST_CASE("cli: there is no rate over a restart of the daemon, nor without an earlier answer") {
  json restarted = sample();
  restarted["counters"]["up"]["received"] = 3;
  CHECK(contains(render_status(restarted, {.now_ms = now_ms, .before = sample(), .elapsed_s = 1}),
                 "        1     -\n"));
  CHECK(contains(render_status(sample(), {.now_ms = now_ms, .elapsed_s = 1}), "        1     -\n"));
}

TEST_CASE("cli: losses and open cases stand out") {
  json status = sample();
  status["losses"]["messages"] = 17;
  status["cases"]["open"] = 2;
  const std::string plain = render_status(status, {.now_ms = now_ms});
  CHECK(contains(plain, "losses   17 messages; 'bascule journal losses' says which and why\n"));
  CHECK(contains(plain, "cases    2 waiting for a person\n"));
  const std::string coloured = render_status(status, {.colour = true, .now_ms = now_ms});
  CHECK(contains(coloured, "\033[1;31m17 messages\033[0m"));
  CHECK(contains(coloured, "\033[32mup\033[0m"));
  CHECK(contains(coloured, "\033[1;31mdown\033[0m"));
  CHECK_FALSE(contains(plain, "\033"));
}

TEST_CASE("cli: loops and copied stamps are named when there are any") {
  json status = sample();
  CHECK_FALSE(contains(render_status(status, {.now_ms = now_ms}), "journal repeats"));
  status["counters"]["up"]["looped"] = 20;
  status["counters"]["down"]["copied_stamps"] = 4;
  const std::string page = render_status(status, {.now_ms = now_ms});
  CHECK(contains(page,
                 "loops    20 came back and were dropped as repeats; 'bascule journal "
                 "repeats' says from where\n"));
  CHECK(contains(page, "stamps   4 copied ones were taken off; 'bascule journal repeats' says"));
}

TEST_CASE("cli: retained values that cannot be compared are named below their link") {
  json status = sample();
  CHECK_FALSE(contains(render_status(status, {.now_ms = now_ms}), "retained"));
  status["links"]["central"]["retained"] = {{"state", "failed"}, {"why", "no answer"}};
  CHECK(contains(render_status(status, {.now_ms = now_ms}), "  retained values: no answer\n"));
}

TEST_CASE("cli: what a broker says cannot steer the terminal") {
  json status = sample();
  status["links"]["central"]["last_error"] = "\033[2Jowned\n";
  CHECK(contains(render_status(status, {.now_ms = now_ms}), "  \\x1b[2Jowned\\n\n"));
}

TEST_CASE("cli: an answer with parts missing is still shown") {
  CHECK(contains(render_status(json::object(), {.now_ms = now_ms}), "central  ?"));
  CHECK(contains(render_status(json::array(), {.now_ms = now_ms}), "losses   none"));
  json odd = sample();
  odd["lanes"] = nullptr;
  odd["counters"]["up"]["received"] = "many";
  odd["links"]["site"]["since"] = 7;
  CHECK(contains(render_status(odd, {.now_ms = now_ms}), "store-42"));
}

TEST_CASE(
    "cli: status fits a terminal, also where names and words are long, and says why lanes wait") {
  json status = sample();
  status["links"]["central"]["broker"] = "mqtts://" + std::string(60, 'c') + ".example:8883";
  status["links"]["central"]["warning"] = "a warning of many words " + std::string(40, 'w') +
                                          " that nobody wants to read in one line of text";
  status["lanes"][0]["name"] = std::string(64, 'n');
  status["lanes"][0]["waits"] = "central is down";
  status["held"] = {{"messages", 1},
                    {"topics", 1},
                    {"by_topic",
                     {{{"direction", "up"},
                       {"lane", "sales"},
                       {"topic", std::string(70, 't')},
                       {"reason", "not authorized (0x87), said the broker of the centre"},
                       {"messages", 1}}}}};
  const std::string page = render_status(status, {.page = 80, .now_ms = now_ms});
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(width(line) <= 80);
  }
  CHECK(contains(page, "\n  waits: central is down\n"));
}
