#include "transform/state/topic_memory.hpp"

#include <algorithm>
#include <vector>

namespace bascule::transform {

namespace {

constexpr std::string_view prefix = "topic/";
constexpr std::string_view topics_key = "topics";
constexpr std::size_t looked_at = 16;       // for those that have been silent for longest
constexpr std::uint64_t forgotten_max = 8;  // in one step: the limit may have been lowered

struct Topics {
  std::uint64_t count = 0;
  std::string looked_to;

  static Topics load(plugin::Step& host) {
    const auto kept = host.get(topics_key);
    if (!kept) return {};
    const auto json = sdk::Json::parse(*kept);
    return {json.at(0).get<std::uint64_t>(), json.at(1).get<std::string>()};
  }
  void keep(plugin::Step& host) const {
    const sdk::Json json{count, looked_to};
    host.put(topics_key, json.dump(-1, ' ', false, sdk::Json::error_handler_t::replace));
  }
};

}  // namespace

TopicMemory::TopicMemory(plugin::Step& host, const plugin::Input& input)
    : host_(host), now_(Moment::of(input)) {
  key_.append(prefix).append(input.direction() == plugin::Direction::up ? "up/" : "down/");
  key_.append(input.topic());
}

void TopicMemory::load() {
  if (loaded_) return;
  loaded_ = true;
  const auto kept = host_.get(key_);
  known_ = kept.has_value();
  if (!known_) return;
  const auto json = sdk::Json::parse(*kept);
  for (const auto& [step, passed] : json.items()) {
    steps_[step] = {Moment::of(passed.at(0)), passed.at(1).get<double>()};
  }
}

std::optional<TopicMemory::Passed> TopicMemory::last(const std::string& step) {
  load();
  const auto found = steps_.find(step);
  return found == steps_.end() ? std::nullopt : std::optional(found->second);
}

void TopicMemory::note(const std::string& step, double value) { noted_[step] = {now_, value}; }

std::uint64_t TopicMemory::keep(std::uint64_t topics_max) {
  if (noted_.empty()) return 0;
  const auto forgotten = known_ ? 0 : make_room(topics_max);
  // What is not noted now is of steps that there are no more.
  sdk::Json json = sdk::Json::object();
  for (const auto& [step, passed] : noted_) json[step] = {passed.at.json(), passed.value};
  host_.put(key_, json.dump());
  return forgotten;
}

void TopicMemory::forget() {
  load();
  if (!known_) return;
  auto topics = Topics::load(host_);
  --topics.count;
  topics.keep(host_);
  host_.erase(key_);
}

// One more topic. Of a few, by their keys in turn, those go that have been silent for longest: a
// look at all of them would take longer the more there are.
std::uint64_t TopicMemory::make_room(std::uint64_t topics_max) {
  auto topics = Topics::load(host_);
  ++topics.count;
  std::uint64_t forgotten = 0;
  if (topics.count > topics_max) {
    struct Seen {
      std::int64_t wall_ms;
      std::string key;
    };
    std::vector<Seen> seen;
    const auto look = [&](const std::string& from) {
      host_.scan(prefix, from, [&](std::string_view key, std::string_view value) {
        std::int64_t newest = 0;
        for (const auto& passed : sdk::Json::parse(value)) {
          newest = std::max(newest, Moment::of(passed.at(0)).wall_ms);
        }
        seen.push_back({newest, std::string(key)});
        return seen.size() < looked_at;
      });
    };
    look(topics.looked_to);
    if (seen.size() < looked_at && !topics.looked_to.empty()) {
      topics.looked_to.clear();
      seen.clear();
      look({});
    }
    if (!seen.empty()) topics.looked_to = seen.back().key + '\x01';
    std::stable_sort(seen.begin(), seen.end(),
                     [](const Seen& a, const Seen& b) { return a.wall_ms < b.wall_ms; });
    for (const auto& one : seen) {
      if (topics.count <= topics_max || forgotten == forgotten_max) break;
      host_.erase(one.key);
      --topics.count;
      ++forgotten;
    }
  }
  topics.keep(host_);
  return forgotten;
}

}  // namespace bascule::transform
