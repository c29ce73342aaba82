// Writes to a feed what changes: once a second, while somebody reads it, it asks what the control
// API answers to anybody, and tells what is new.
//
//   status   the document of GET /v1/status, at once and when it has changed, but for `uptime_s`,
//            and for less than 16 MiB of free disk, or written to it
//   fleet    likewise, that of GET /v1/fleet, at a hub
//   event    what the bridge has published about itself since (events.hpp), from the journal
//
// On a thread of its own, which waits for the stages as any client does.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "control/http/feed.hpp"
#include "control/query/query.hpp"

namespace bascule {

class FeedWriter {
 public:
  // Answers what is asked as "GET /v1/status". Throws while it cannot be answered.
  using Ask = std::function<nlohmann::json(const std::string& question, const Query&)>;

  // The feed outlives the writer.
  FeedWriter(Feed& feed, Ask ask);
  ~FeedWriter();  // as stop()
  FeedWriter(const FeedWriter&) = delete;
  FeedWriter& operator=(const FeedWriter&) = delete;

  void stop();

 private:
  void run();
  void look();
  void tell_events(const nlohmann::json& status);
  void tell_events_from(std::uint64_t& from, const std::string& direction);

  Feed& feed_;
  Ask ask_;
  std::map<std::string, std::uint64_t> from_;  // the next event, by direction; its thread
  std::thread thread_;
};

}  // namespace bascule
