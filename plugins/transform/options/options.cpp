#include "transform/options/options.hpp"

#include <algorithm>
#include <stdexcept>

namespace bascule::transform {

namespace {

using sdk::OptionReader;
using sdk::Pattern;

constexpr sdk::Word<PayloadKind> payloads[] = {
    {"json", PayloadKind::json}, {"text", PayloadKind::text}, {"base64", PayloadKind::base64}};
constexpr sdk::Word<OnMismatch> mismatches[] = {
    {"pass", OnMismatch::pass}, {"drop", OnMismatch::drop}, {"quarantine", OnMismatch::quarantine}};
constexpr sdk::Word<std::optional<plugin::Direction>> directions[] = {
    {"up", plugin::Direction::up}, {"down", plugin::Direction::down}};

std::string with_bridge_id(std::string text, const std::string& id) {
  constexpr std::string_view name = "{bridge.id}";
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + id.size())) {
    text.replace(at, name.size(), id);
  }
  return text;
}

// An empty one if it is not there, or wrong.
Pattern read_pattern(OptionReader& reader, const char* name, const std::string& id) {
  const auto text = with_bridge_id(reader.text(name, ""), id);
  if (!reader.has(name)) return {};
  try {
    return Pattern(text);
  } catch (const std::invalid_argument& error) {
    reader.problem(name, error.what());
    return {};
  }
}

void read_topics(OptionReader& reader, Options& options) {
  if (auto from = read_pattern(reader, "from", options.bridge_id); !from.empty()) {
    options.from = std::move(from);
  }
  sdk::Captures marks;
  for (const auto& name : options.from.names()) {
    marks[name] = "x";
    if (is_field(name) || name == "payload") {
      reader.problem("from", "has {" + name + "}, which every message has; use another name");
    }
  }
  options.to = read_pattern(reader, "to", options.bridge_id);
  try {
    if (!options.to.empty()) options.to.fill(marks);
  } catch (const std::invalid_argument& error) {
    reader.problem("to", std::string(error.what()) + " from `from`");
  }
  const auto report = read_pattern(reader, "report", options.bridge_id);
  if (report.empty()) return;
  try {
    options.report = report.fill(sdk::Captures());
  } catch (const std::invalid_argument&) {
    reader.problem("report", "must be a topic, without names and wildcards");
  }
}

void read_batch(OptionReader& item, Options& options) {
  auto reader = item.section("batch");
  BatchSettings settings;
  settings.count = static_cast<std::uint64_t>(
      reader.whole("count", 1, BatchSettings::count_max, std::int64_t(settings.count)));
  settings.bytes = static_cast<std::uint64_t>(
      reader.whole("bytes", 1024, BatchSettings::bytes_max, std::int64_t(settings.bytes)));
  settings.after_ms = reader.duration_ms("after", 86'400'000, settings.after_ms);
  if (settings.after_ms < 1) reader.problem("after", "must be a duration such as 5s");
  options.batch = settings;
  const auto per = reader.text("per", "");
  reader.refuse_others();
  if (per.empty()) return;
  try {
    options.batch_per.emplace(Json(per), options.from.names());
    if (options.batch_per->asks_document() || per.find_first_of("+#") != per.npos) {
      reader.problem("per", "must be made of captures, such as \"{device}\"");
    }
  } catch (const std::invalid_argument& error) {
    reader.problem("per", error.what());
  }
}

void read_step(OptionReader& item, Options& options, std::size_t number) {
  if (!item.must_be_section()) return;
  const Json members = *item.json("");
  if (members.size() != 1) {
    return item.problem("", "must have one member: " + step_kinds());
  }
  const auto& kind = members.begin().key();
  if (kind == "batch") {
    if (options.batch) return item.problem(kind, "is there twice; there can be one");
    return read_batch(item, options);
  }
  if (options.batch && kind != "envelope") {
    return item.problem(kind, "must stand before the batch; only an envelope can follow it");
  }
  auto step = make_step(kind, item, options.from.names());
  if (!step) return item.problem(kind, "is no step; there are " + step_kinds());
  auto& list = options.batch ? options.after_batch : options.steps;
  list.push_back({"step " + std::to_string(number) + ", " + kind, std::move(step)});
}

// What routes have to bring, and must not bring back.
void name_topics(const plugin::Options& raw, const Options& options) {
  for (const auto direction : {plugin::Direction::up, plugin::Direction::down}) {
    raw.takes("/from", options.from.filter(), direction, false);
  }
  if (!options.towards) return;
  raw.sends("/to", (options.to.empty() ? options.from : options.to).filter(), *options.towards,
            false);
}

}  // namespace

Options read_options(const plugin::Options& raw) {
  Options options;
  options.bridge_id = raw.bridge_id();
  OptionReader reader(raw);
  read_topics(reader, options);
  reader.choose("payload", payloads, options.payload);
  reader.choose("on_mismatch", mismatches, options.on_mismatch);
  reader.choose("towards", directions, options.towards);
  options.topics_max = static_cast<std::uint64_t>(
      reader.whole("topics_max", 1, 1'000'000, std::int64_t(options.topics_max)));
  options.report_every_ms = reader.duration_ms("report_every", 86'400'000, options.report_every_ms);
  if (options.report_every_ms < 1000) reader.problem("report_every", "must be a second or more");
  std::size_t number = 0;
  reader.items("steps", [&](OptionReader item) { read_step(item, options, ++number); });
  if (number == 0) reader.problem("", "must have steps: a list of " + step_kinds());
  reader.refuse_others();
  if (!raw.wrong()) name_topics(raw, options);
  return options;
}

}  // namespace bascule::transform
