#include "transform/state/batches.hpp"

#include <cinttypes>
#include <cstdio>

namespace bascule::transform {

namespace {

constexpr std::string_view batches_key = "batches";

std::string batch_key(std::string_view key) { return std::string("batch/").append(key); }

std::string items_key(std::uint64_t id) {
  char text[32];
  std::snprintf(text, sizeof text, "item/%012" PRIu64 "/", id);
  return text;
}

std::string item_key(std::uint64_t id, std::uint64_t number) {
  char text[16];
  std::snprintf(text, sizeof text, "%06" PRIu64, number);
  return items_key(id) + text;
}

struct Open {
  std::uint64_t count = 0, last_id = 0;

  static Open load(plugin::Step& host) {
    const auto kept = host.get(batches_key);
    if (!kept) return {};
    const auto json = Json::parse(*kept);
    return {json.at(0).get<std::uint64_t>(), json.at(1).get<std::uint64_t>()};
  }
  void keep(plugin::Step& host) const { host.put(batches_key, Json{count, last_id}.dump()); }
};

}  // namespace

// The length keeps a topic and a group apart, whatever is in them.
std::string Batches::key_of(plugin::Direction direction, std::string_view topic,
                            std::string_view group) {
  std::string key = direction == plugin::Direction::up ? "up/" : "down/";
  key.append(std::to_string(topic.size())).append("/").append(topic);
  return key.append("/").append(group);
}

std::optional<Batch> Batches::find(std::string_view key) const {
  const auto kept = host_.get(batch_key(key));
  if (!kept) return std::nullopt;
  const auto json = Json::parse(*kept);
  Batch batch;
  batch.id = json.at("id");
  batch.count = json.at("count");
  batch.bytes = json.at("bytes");
  batch.qos = json.at("qos");
  batch.direction = static_cast<plugin::Direction>(json.at("direction").get<int>());
  batch.topic = json.at("topic");
  batch.begun = Moment::of(json.at("begun"));
  batch.due_wall_ms = json.at("due");
  batch.first = Context::from_json(json.at("first"));
  return batch;
}

void Batches::put(std::string_view key, const Batch& batch) {
  const Json json{{"id", batch.id},
                  {"count", batch.count},
                  {"bytes", batch.bytes},
                  {"qos", batch.qos},
                  {"direction", static_cast<int>(batch.direction)},
                  {"topic", batch.topic},
                  {"begun", batch.begun.json()},
                  {"due", batch.due_wall_ms},
                  {"first", batch.first.to_json()}};
  host_.put(batch_key(key), json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::optional<Batch> Batches::open(std::string_view key, Batch batch, std::uint64_t open_max) {
  auto open = Open::load(host_);
  if (open.count >= open_max) return std::nullopt;
  ++open.count;
  batch.id = ++open.last_id;
  open.keep(host_);
  host_.wake_at(std::string(flush_wake).append(key), batch.due_wall_ms);
  return batch;
}

void Batches::add(std::string_view key, Batch& batch, std::string_view text) {
  ++batch.count;
  batch.bytes += text.size() + 1;
  host_.put(item_key(batch.id, batch.count), text);
  put(key, batch);
}

void Batches::close(std::string_view key, const Batch& batch, const BatchSettings& settings,
                    const Each& each) {
  std::string array;
  std::uint64_t count = 0;
  const auto send = [&] {
    if (count > 0) each(std::move(array) + ']', count);
    array.clear();
    count = 0;
  };
  host_.scan(items_key(batch.id), {}, [&](std::string_view, std::string_view text) {
    // Settings may have become smaller since.
    const bool full = count >= settings.count || array.size() + text.size() + 2 > settings.bytes;
    if (full) send();
    array.append(count == 0 ? "[" : ",").append(text);
    ++count;
    return true;
  });
  send();
  for (std::uint64_t i = 1; i <= batch.count; ++i) host_.erase(item_key(batch.id, i));
  host_.erase(batch_key(key));
  auto open = Open::load(host_);
  --open.count;
  open.keep(host_);
  host_.wake_at(std::string(flush_wake).append(key), 0);
}

}  // namespace bascule::transform
