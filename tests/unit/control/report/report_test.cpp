#include "control/report/report.hpp"

#include <doctest/doctest.h>

#include <set>

#include "control/report/faults.hpp"
#include "support/journal_case.hpp"

using namespace bascule;
using namespace bascule::test;
using nlohmann::json;

namespace {

StatusParts parts(JournalCase& journal) {
  StatusParts parts;
  parts.bridge = "store-42";
  parts.uptime_ms = 61'500;
  parts.sync = "full";
  parts.journal = journal->report();
  parts.site.state = LinkStatus::State::up;
  parts.site.broker = "mqtt://localhost:1883";
  parts.site.protocol = 5;
  parts.site.rtt_ms = 0.4;
  parts.central.emplace().state = LinkStatus::State::slow;
  parts.central->last_error = "refused";
  parts.central->reconnects = 3;
  return parts;
}

const json& lane(const json& status, const std::string& name, const std::string& direction) {
  for (const json& lane : status["lanes"]) {
    if (lane["name"] == name && lane["direction"] == direction) return lane;
  }
  throw std::runtime_error("no lane " + name);
}

void has_keys(const json& object, const std::set<std::string>& keys) {
  for (const std::string& key : keys) {
    CAPTURE(key);
    CHECK(object.contains(key));
  }
}

}  // namespace

TEST_CASE("report: it has every name that it promises") {
  JournalCase journal;
  const json status = status_report(parts(journal));
  has_keys(status, {"bridge", "version", "epoch", "uptime_s", "links", "lanes", "counters",
                    "journal", "cases", "losses"});
  for (const char* link : {"site", "central"}) {
    has_keys(status["links"][link],
             {"state", "since", "broker", "protocol", "rtt_ms", "reconnects", "last_error"});
  }
  for (const json& lane : status["lanes"]) {
    has_keys(lane, {"name", "direction", "next_sequence", "cursor", "backlog", "backlog_bytes",
                    "oldest_age_s", "in_flight"});
  }
  for (const char* direction : {"up", "down"}) {
    has_keys(status["counters"][direction],
             {"received", "journaled", "unrouted", "repeats", "refused", "forwarded", "expired",
              "evicted", "quarantined", "pending"});
  }
  has_keys(status["journal"], {"bytes", "sync", "free_bytes"});
  has_keys(status["cases"], {"open"});
  has_keys(status["losses"], {"messages", "last", "not_resent"});
}

TEST_CASE("report: links are told with their state, and no error is null") {
  JournalCase journal;
  const json status = status_report(parts(journal));
  CHECK(status["uptime_s"] == 61);
  CHECK(status["journal"]["sync"] == "full");
  CHECK(status["journal"]["written_bytes"].is_null());
  CHECK(status["links"]["site"]["state"] == "up");
  CHECK(status["links"]["site"]["protocol"] == 5);
  CHECK(status["links"]["site"]["last_error"].is_null());
  CHECK(status["links"]["central"]["state"] == "slow");
  CHECK(status["links"]["central"]["reconnects"] == 3);
  CHECK(status["links"]["central"]["last_error"] == "refused");
}

TEST_CASE("report: of each link it says what came of comparing what is retained") {
  JournalCase journal;
  StatusParts told = parts(journal);
  told.central_retained = {RetainedStatus::State::failed, 1'000, 3, 2, 1, "no answer"};
  const json status = status_report(told);
  CHECK(status["links"]["site"]["retained"] == json{{"state", "off"},
                                                    {"compared", nullptr},
                                                    {"changed", 0},
                                                    {"cleared", 0},
                                                    {"kept", 0},
                                                    {"why", nullptr}});
  const json& central = status["links"]["central"]["retained"];
  CHECK(central["state"] == "failed");
  CHECK(central["compared"] == "1970-01-01T00:00:01Z");
  CHECK(central["changed"] == 3);
  CHECK(central["cleared"] == 2);
  CHECK(central["kept"] == 1);
  CHECK(central["why"] == "no answer");
}

TEST_CASE("report: lanes and counters follow the journal, and the books balance") {
  JournalCase journal;
  for (const char* payload : {"a", "b", "c"}) journal.append("default", payload);
  journal.append(std::string(events_lane), "e");
  const LaneId id = journal->lane(Direction::up, "default");
  Progress progress;
  progress.lane = id;
  progress.parts = {{1, 1, 10, Fate::forwarded}, {2, 2, 10, Fate::expired}};
  journal->progress(progress);
  StatusParts told = parts(journal);
  told.lanes[Direction::up]["default"].in_flight = 1;
  const json status = status_report(told);
  const json& up = lane(status, "default", "up");
  CHECK(up["next_sequence"] == 4);
  CHECK(up["cursor"] == 2);
  CHECK(up["backlog"] == 1);
  CHECK(up["in_flight"] == 1);
  CHECK(lane(status, "default", "down")["in_flight"] == 0);
  const json& books = status["counters"]["up"];
  CHECK(books["received"] == 3);
  CHECK(books["journaled"] == 3);
  CHECK(books["forwarded"] == 1);
  CHECK(books["expired"] == 1);
  CHECK(books["pending"] == 1);
  CHECK(status["counters"]["down"]["journaled"] == 0);
  CHECK(status["losses"]["messages"] == 1);
  CHECK(lane(status, std::string(events_lane), "up")["backlog"] == 1);
}

TEST_CASE("report: what is paused says by whom, and a lane why it waits") {
  LaneSettings media;
  media.name = "media";
  JournalCase journal({media});
  journal.append("default", "a");
  journal.append("media", "b");
  StatusParts told = parts(journal);
  CHECK(status_report(told)["links"]["central"]["paused"].is_null());
  CHECK(lane(status_report(told), "media", "up")["paused"].is_null());
  told.journal.pauses = {{"", Direction::up, "media", 1'000, "ann"}};
  json status = status_report(told);
  CHECK(lane(status, "media", "up")["paused"]["by"] == "ann");
  CHECK(lane(status, "media", "up")["paused"]["since"] == "1970-01-01T00:00:01Z");
  CHECK(lane(status, "media", "down")["paused"].is_null());
  CHECK(lane(status, "media", "up")["waits"] ==
        "it is paused: 'bascule resume --lane media' lets it go on");
  CHECK(lane(status, "default", "up")["waits"] == "central acknowledges slowly (slow_after)");
  told.journal.pauses = {{"central", Direction::up, "", 1'000, "ann"}};
  status = status_report(told);
  CHECK(status["links"]["central"]["paused"]["link"] == "central");
  CHECK(status["links"]["site"]["paused"].is_null());
  CHECK(lane(status, "default", "up")["waits"] ==
        "central is paused: 'bascule resume central' lets it go on");
}

TEST_CASE("report: what the broker granted, while it is connected, and what holds a link back") {
  JournalCase journal;
  StatusParts of = parts(journal);
  CHECK(status_report(of)["links"]["site"]["granted"].is_null());
  Limits& granted = of.site.granted.emplace();
  granted.session_expiry_s = 28'800;
  granted.keep_alive_s = 30;
  granted.maximum_packet_bytes = 512 << 10;
  granted.maximum_qos = Qos::at_least_once;
  granted.knows_qos_2 = false;
  granted.receive_maximum = 100;
  of.site.unretained = 7;
  of.site.held_back = "its rate of 90 messages/s";
  const json site = status_report(of)["links"]["site"];
  CHECK(site["granted"] == json{{"session_expiry_s", 28'800},
                                {"keep_alive_s", 30},
                                {"maximum_packet_bytes", 512 << 10},
                                {"maximum_qos", 1},
                                {"retain", true},
                                {"receive_maximum", 100}});
  CHECK(site["unretained"] == 7);
  CHECK(site["token_until"].is_null());
  of.site.token_until_ms = 1'795'000'000'000;
  CHECK(status_report(of)["links"]["site"]["token_until"] == "2026-11-18T11:06:40Z");
  CHECK(site["held_back"] == "its rate of 90 messages/s");
  granted.knows_qos_2 = true;  // the Paho link does not use it
  CHECK(status_report(of)["links"]["site"]["granted"]["maximum_qos"] == 2);
  granted.protocol = Protocol::v3_1_1;
  CHECK(status_report(of)["links"]["site"]["granted"].is_null());
}

TEST_CASE("report: of what a broker forgot, only what there was is told") {
  Forgotten forgotten;
  forgotten.last_ms = 1;
  const auto advice = [&forgotten] {
    return forgotten_report(forgotten)["advice"].get<std::string>();
  };
  forgotten.bookmarks = 1;
  CHECK(advice().starts_with("this broker forgets: it lost this bridge's bookmark once, last at"));
  forgotten.sessions = 2;
  CHECK(advice().starts_with(
      "this broker forgets: it lost this bridge's session 2 times and its bookmark once, last"));
  forgotten.bookmarks = 0;
  CHECK(advice().starts_with("this broker forgets: it lost this bridge's session 2 times, last"));
}
