#include "control/report/metrics.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "control/report/report.hpp"

using namespace bascule;

TEST_CASE("metrics: what the status says is there, in base units and with bounded labels") {
  StatusParts parts;
  parts.bridge = "store-\"42";
  parts.uptime_ms = 61'000;
  parts.site.state = LinkStatus::State::up;
  parts.site.rtt_ms = 1.5;
  parts.central.emplace();
  parts.central->state = LinkStatus::State::down;
  parts.central->reconnects = 7;
  parts.central->unretained = 5;
  parts.central->held_back = "its rate of 90 messages/s";
  parts.journal.free_bytes = 4'096;
  parts.journal.received[Direction::up] = 12;
  parts.journal.lost = 3;
  parts.written_bytes = 8'192;
  LaneReport lane;
  lane.state.name = "sales";
  lane.state.direction = Direction::up;
  lane.oldest_age_ms = 9'000;
  lane.state.appended_bytes = 500;
  lane.state.resolved_bytes = 200;
  parts.journal.lanes.push_back(lane);
  parts.routes.push_back({"all", Direction::up, "#", "refused", "not authorized"});
  const std::string text = metrics_text(status_report(parts));
  for (const char* line : {
           "# TYPE bascule_received_messages_total counter\n",
           "bascule_received_messages_total{direction=\"up\"} 12\n",
           "bascule_received_messages_total{direction=\"down\"} 0\n",
           "bascule_lost_messages_total 3\n",
           "bascule_uptime_seconds 61\n",
           "bascule_disk_written_bytes_total 8192\n",
           "bascule_lane_journaled_bytes_total{lane=\"sales\",direction=\"up\"} 500\n",
           "bascule_lane_resolved_bytes_total{lane=\"sales\",direction=\"up\"} 200\n",
           "bascule_journal_free_bytes 4096\n",
           "bascule_link_state{link=\"central\",state=\"down\"} 1\n",
           "bascule_link_state{link=\"central\",state=\"up\"} 0\n",
           "bascule_link_round_trip_seconds{link=\"site\"} 0.0015\n",
           "bascule_link_reconnects_total{link=\"central\"} 7\n",
           "bascule_link_unretained_messages_total{link=\"central\"} 5\n",
           "bascule_link_held_back{link=\"central\"} 1\n",
           "bascule_link_held_back{link=\"site\"} 0\n",
           "bascule_lane_oldest_seconds{lane=\"sales\",direction=\"up\"} 9\n",
           "bascule_route_subscribed{route=\"all\",direction=\"up\"} 0\n",
           "bascule_journal_trouble 0\n",
           "bridge=\"store-\\\"42\"",
       }) {
    CHECK_MESSAGE(text.find(line) != text.npos, line);
  }
  CHECK(text.find("bascule_flash_left_years") == text.npos);  // it is not known
  CHECK(text.find("bascule_journal_lost_commits_total 0\n") != text.npos);
  parts.journal.log_damage = {.bits = 1, .left = 2, .lost_commits = 3, .last_ms = 4};
  for (const char* line :
       {"bascule_journal_lost_commits_total 3\n", "bascule_journal_flips_mended_total 1\n",
        "bascule_journal_flips_left_total 2\n"}) {
    CHECK(metrics_text(status_report(parts)).find(line) != text.npos);
  }
  parts.endurance_bytes = 1'000'000'000'000;
  parts.uptime_ms = 3'600'000;
  parts.journal.placed = 24;
  parts.journal.written_bytes = 24'000;
  CHECK(metrics_text(status_report(parts)).find("bascule_flash_left_years 20\n") != text.npos);
  CHECK(metrics_text(status_report(parts)).find("bascule_journal_day_bytes 576000\n") != text.npos);
  CHECK(metrics_text(status_report(parts)).find("bascule_journal_message_bytes 1000\n") !=
        text.npos);
  parts.written_bytes.reset();  // the kernel does not tell
  CHECK(metrics_text(status_report(parts)).find("bascule_disk_written") == text.npos);
}
