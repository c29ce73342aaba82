#include "transform/document/context.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>

namespace bascule::transform {

namespace {

// "2026-11-27T04:18:50.123Z"
std::string utc_text(std::int64_t wall_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds(wall_ms)};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(time.hours().count()),
                int(time.minutes().count()), int(time.seconds().count()),
                int(time.subseconds().count()));
  return text;
}

struct Field {
  std::string_view name;
  Json (*value)(const Context&);
};

constexpr Field fields[] = {
    {"topic", [](const Context& from) { return Json(from.topic); }},
    {"time", [](const Context& from) { return Json(utc_text(from.wall_ms)); }},
    {"time_ms", [](const Context& from) { return Json(from.wall_ms); }},
    {"clock_trusted", [](const Context& from) { return Json(from.clock_trusted); }},
    {"origin", [](const Context& from) { return Json(from.origin); }},
    {"epoch", [](const Context& from) { return Json(from.epoch); }},
    {"lane", [](const Context& from) { return Json(from.lane); }},
    {"sequence", [](const Context& from) { return Json(from.sequence); }},
    {"bridge.id", [](const Context& from) { return Json(from.bridge_id); }},
};

const Field* find_field(std::string_view name) {
  const auto* found = std::find_if(std::begin(fields), std::end(fields),
                                   [&](const Field& field) { return field.name == name; });
  return found == std::end(fields) ? nullptr : found;
}

}  // namespace

bool is_field(std::string_view name) { return find_field(name) != nullptr; }

std::optional<Json> value_of(const Context& context, std::string_view name) {
  if (const auto* field = find_field(name)) return field->value(context);
  const auto found = context.captures.find(name);
  return found == context.captures.end() ? std::nullopt : std::optional<Json>(found->second);
}

Json Context::to_json() const {
  return {{"captures", captures}, {"topic", topic},     {"bridge", bridge_id},
          {"origin", origin},     {"epoch", epoch},     {"lane", lane},
          {"sequence", sequence}, {"wall_ms", wall_ms}, {"trusted", clock_trusted}};
}

Context Context::from_json(const Json& json) {
  Context context;
  for (const auto& [name, value] : json.at("captures").items()) {
    context.captures[name] = value.get<std::string>();
  }
  context.topic = json.at("topic");
  context.bridge_id = json.at("bridge");
  context.origin = json.at("origin");
  context.epoch = json.at("epoch");
  context.lane = json.at("lane");
  context.sequence = json.at("sequence");
  context.wall_ms = json.at("wall_ms");
  context.clock_trusted = json.at("trusted");
  return context;
}

}  // namespace bascule::transform
