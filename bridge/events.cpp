#include "events.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "clock.hpp"
#include "journal/backlog/own_entry.hpp"
#include "message/own.hpp"
#include "text/json_text.hpp"
#include "text/time.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::size_t changes_told = 50;

json about_pause(const char* name, const Pause& pause, const std::string& by) {
  json event{{"event", name}, {"by", by}, {"at", utc_text(now().wall_ms)}};
  if (!pause.link.empty()) {
    event["link"] = pause.link;
  } else {
    event["lane"] = pause.lane;
    event["direction"] = to_string(pause.direction);
  }
  if (pause.left_ms > 0) event["until"] = utc_text(now().wall_ms + pause.left_ms);
  return event;
}

}  // namespace

Events::Events(std::string topic, Journal& journal, Direction direction)
    : topic_(std::move(topic)),
      journal_(journal),
      direction_(direction),
      lane_(journal.lane(direction, events_lane)) {}

void Events::link_up(const std::string& link) {
  json event{{"event", "link_up"}, {"link", link}, {"at", utc_text(now().wall_ms)}};
  {
    const std::lock_guard lock(mutex_);
    if (const auto since = down_since_ms_.extract(link); !since.empty()) {
      event["down_s"] = (boottime_ms() - since.mapped()) / 1'000;
    }
  }
  append(event.dump());
}

void Events::link_down(const std::string& link, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!down_since_ms_.emplace(link, boottime_ms()).second) return;  // was not up since
  }
  append(json_text(json{{"event", "link_down"},
                        {"link", link},
                        {"at", utc_text(now().wall_ms)},
                        {"reason", reason}}));
}

void Events::looped(const std::string& link, const std::string& source, const std::string& topic,
                    std::uint64_t count) {
  append(json_text(json{{"event", "looped"},
                        {"link", link},
                        {"source", source},
                        {"topic", topic},
                        {"count", count},
                        {"at", utc_text(now().wall_ms)}}));
}

void Events::loss(const Loss& loss, const std::string& lane, Direction direction) {
  if (loss.reason == "superseded") return;  // what keep: latest is for
  if (lane == events_lane) return;          // the event would be the next one to lose
  append(json{{"event", "loss"},
              {"direction", to_string(direction)},
              {"lane", lane},
              {"first", loss.first},
              {"last", loss.last},
              {"count", loss.count},
              {"bytes", loss.bytes},
              {"reason", loss.reason},
              {"at", utc_text(loss.at_ms)}}
             .dump());
}

void Events::refusal(const RefusalEvent& what) {
  constexpr const char* names[] = {"topic_held", "topic_released", "quarantined", "lane_delayed",
                                   "lane_reordered"};
  if (what.lane == events_lane) return;  // the event would be the next one to tell of
  json event{{"event", names[static_cast<int>(what.kind)]},
             {"direction", to_string(what.direction)},
             {"lane", what.lane},
             {"topic", what.topic},
             {"left_out", what.left_out},
             {"at", utc_text(now().wall_ms)}};
  if (!what.reason.empty()) event["reason"] = what.reason;
  if (what.kind != RefusalEvent::Kind::held) event["messages"] = what.messages;
  append(json_text(event));
}

void Events::retained(const std::string& link, const RetainedEvent& what) {
  json event{{"event", "retained"}, {"link", link}, {"at", utc_text(now().wall_ms)}};
  if (what.reason.empty()) {
    event["changed"] = what.changed;
    event["cleared"] = what.cleared;
    event["kept"] = what.kept;
  } else {
    event["reason"] = what.reason;
  }
  append(json_text(event));
}

void Events::journal(const JournalNews& news) {
  json event{{"event", news.over ? "journal_resumed" : "journal_paused"},
             {"reason", news.reason},
             {"at", utc_text(now().wall_ms)}};
  if (news.in) event["link"] = *news.in == Direction::up ? "site" : "central";
  if (news.over) event["paused_s"] = news.lasted_ms / 1'000;
  const std::string payload = json_text(event);
  if (news.over) return append(payload);
  if (publish_now && !topic_.empty()) publish_now(topic_, payload);
}

void Events::damaged(const LogMending& found) {
  if (!found.any()) return;
  append(json{{"event", "journal_damaged"},
              {"lost_commits", found.lost_commits},
              {"mended_bits", found.bits},
              {"left_bits", found.left},
              {"at", utc_text(now().wall_ms)}}
             .dump());
}

void Events::paused(const Pause& pause) {
  const std::string payload = json_text(about_pause("paused", pause, pause.by));
  const char* const centre = direction_ == Direction::up ? "central" : "site";
  if (pause.link != centre) return append(payload);
  if (publish_now && !topic_.empty()) publish_now(topic_, payload);
}

void Events::resumed(const Pause& pause, const std::string& by) {
  json event = about_pause("resumed", pause, by);
  event["paused_s"] = std::max<std::int64_t>(0, now().wall_ms - pause.since_ms) / 1'000;
  append(json_text(event));
}

void Events::reloaded(ReloadEvent what) {
  const std::size_t changes = what.changes.size();
  what.changes.resize(std::min(changes, changes_told));
  what.reasons.resize(std::min(what.reasons.size(), changes_told));
  append(json_text(json{{"event", "reloaded"},
                        {"applied", what.applied},
                        {"changes", what.changes},
                        {"left_out", changes - what.changes.size()},
                        {"reasons", what.reasons},
                        {"kept", what.kept},
                        {"dropped", what.dropped},
                        {"at", utc_text(now().wall_ms)}}));
}

void Events::append(const std::string& payload) {
  if (topic_.empty()) return;
  AppendGroup group;
  group.direction = direction_;
  group.entries.push_back(own_entry(own_message(topic_, payload), lane_, group.bytes));
  journal_.append(std::move(group), [](AppendResult) {});
}

}  // namespace bascule
