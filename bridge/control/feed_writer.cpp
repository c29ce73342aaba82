#include "control/feed_writer.hpp"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <exception>
#include <utility>

#include "base64.hpp"
#include "journal/books/books.hpp"
#include "text/json_text.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds look_every{1};
constexpr std::int64_t bytes_apart = 16 << 20;  // of what a disk has, or was given
constexpr const char* events_at_once = "256";

// What of a status is worth to be told when it changes.
std::string key_of(json status) {
  status.erase("uptime_s");
  auto& journal = status["journal"];
  journal.erase("flash");  // each second another rate
  for (const char* bytes : {"free_bytes", "written_bytes"}) {
    const auto found = journal.find(bytes);
    if (found == journal.end() || !found->is_number()) continue;
    *found = found->get<std::int64_t>() / bytes_apart;
  }
  return json_text(status);
}

}  // namespace

FeedWriter::FeedWriter(Feed& feed, Ask ask)
    : feed_(feed), ask_(std::move(ask)), thread_([this] {
        pthread_setname_np(pthread_self(), "feed");
        run();
      }) {}

FeedWriter::~FeedWriter() { stop(); }

void FeedWriter::stop() {
  feed_.close();
  if (thread_.joinable()) thread_.join();
}

void FeedWriter::run() {
  while (feed_.await_reader()) {
    try {
      look();
    } catch (const std::exception& trouble) {
      spdlog::debug("control: nothing to tell who listens: {}", trouble.what());
    }
    if (!feed_.pause(look_every)) return;
    if (!feed_.is_read()) from_.clear();
  }
}

void FeedWriter::look() {
  const json status = ask_("GET /v1/status", Query());
  tell_events(status);
  feed_.state("status", key_of(status), json_text(status));
  if (status.at("links").contains("central")) return;  // no hub
  const std::string text = json_text(ask_("GET /v1/fleet", Query()));
  feed_.state("fleet", text, text);
}

// What was there before somebody read is no news.
void FeedWriter::tell_events(const json& status) {
  for (const json& lane : status.at("lanes")) {
    if (lane.at("name") != events_lane) continue;
    const auto next = lane.at("next_sequence").get<std::uint64_t>();
    const auto direction = lane.at("direction").get<std::string>();
    std::uint64_t& from = from_.try_emplace(direction, next).first->second;
    if (from > next) from = next;  // another journal
    if (from < next) tell_events_from(from, direction);
  }
}

void FeedWriter::tell_events_from(std::uint64_t& from, const std::string& direction) {
  Query query;
  query.set("lane", std::string(events_lane)).set("direction", direction);
  query.set("from", std::to_string(from)).set("count", events_at_once);
  query.set("payload_max", std::to_string(Feed::notice_bytes_max));
  const json answer = ask_("GET /v1/journal/show", query);
  for (const json& message : answer.at("messages")) {
    const auto text = from_base64(message.at("payload_base64").get<std::string>());
    const json event = json::parse(text.value_or(""), nullptr, false);
    if (!event.is_discarded()) feed_.notice("event", json_text(event));
    from = message.at("sequence").get<std::uint64_t>() + 1;
  }
}

}  // namespace bascule
