#include "transform/turn/turn.hpp"

#include <algorithm>
#include <stdexcept>

namespace bascule::transform {

namespace {

using plugin::Input;
using sdk::ObjectText;

Context context_of(const Options& options, const Input& input, sdk::Captures captures) {
  Context context;
  context.captures = std::move(captures);
  context.topic = input.topic();
  context.bridge_id = options.bridge_id;
  context.origin = input.origin();
  context.epoch = input.epoch();
  context.lane = input.lane();
  context.sequence = input.sequence();
  context.wall_ms = input.wall_ms();
  context.clock_trusted = input.clock_trusted();
  return context;
}

constexpr const char* json_type = "application/json";

}  // namespace

Turn::Turn(const Options& options, plugin::Step& host, const Input& input)
    : options_(options),
      host_(host),
      input_(input),
      counts_(host, input.wall_ms(), options.report.empty() ? 0 : options.report_every_ms) {}

void Turn::run() {
  switch (input_.kind()) {
    case Input::Kind::message:
      return message();
    case Input::Kind::wake:
      return woken();
    case Input::Kind::link:
    case Input::Kind::resolution:
      return;
  }
}

void Turn::message() {
  auto captures = options_.from.match(input_.topic());
  if (!captures) return unfit("topic", "is none of `from`");
  const auto context = context_of(options_, input_, std::move(*captures));
  TopicMemory memory(host_, input_);
  // It clears what is retained on its topic; on another topic it would clear something else.
  if (input_.payload().empty() && input_.retain() && options_.to.empty()) {
    memory.forget();
    host_.emit(output_as_input());
    return host_.explain(R"({"result":"sent","what":"the retained value is cleared"})");
  }
  std::string why;
  auto document = read_document(options_.payload, input_.payload(), why);
  if (!document) return unfit("payload", why);
  for (const auto& [name, step] : options_.steps) {
    const auto outcome = step->run(*document, context, memory);
    if (outcome.kind == Outcome::Kind::unfit) return unfit(name, outcome.why);
    if (outcome.kind == Outcome::Kind::dropped) return dropped(name, outcome.why);
  }
  auto text = written(*document);
  if (!text) return unfit("payload", "has a text that is no UTF-8");
  const auto topic = target(context);
  if (topic.empty()) return;
  if (!options_.batch) {
    send(topic, std::move(*text));
  } else if (!gather(topic, *text, context)) {
    return;
  }
  remember(memory);
}

std::string Turn::target(const Context& context) {
  if (options_.to.empty()) return context.topic;
  auto topic = options_.to.fill(context.captures);
  // What a device names its topics must not reach the broker's own.
  if (topic.starts_with('$') && !options_.to.filter().starts_with('$')) {
    unfit("topic", "leads to " + topic + ", which is the broker's own");
    return {};
  }
  return topic;
}

void Turn::unfit(const std::string& where, const std::string& why) {
  const auto reason = where + ": " + why;
  if (options_.on_mismatch == OnMismatch::quarantine) throw plugin::Quarantine(reason);
  host_.log(plugin::Level::warning, std::string(input_.topic()) + " does not fit: " + reason);
  const bool passes = options_.on_mismatch == OnMismatch::pass;
  if (passes) host_.emit(output_as_input());
  counts_.add(passes ? "unfit_passed" : "unfit_dropped", where);
  host_.explain(ObjectText()
                    .text("at", where)
                    .text("result", passes ? "passed unchanged" : "dropped")
                    .text("why", why)
                    .close());
}

void Turn::dropped(const std::string& where, const std::string& why) {
  counts_.add("dropped", where);
  host_.explain(ObjectText().text("at", where).text("result", "dropped").text("why", why).close());
}

void Turn::remember(TopicMemory& memory) {
  const auto forgotten = memory.keep(options_.topics_max);
  if (forgotten == 0) return;
  const auto all = counts_.add("forgotten", "topics_max", forgotten);
  if ((all & (all - 1)) != 0) return;  // the 1st, 2nd, 4th, 8th
  host_.log(plugin::Level::warning,
            "there are more topics than topics_max: " + std::to_string(options_.topics_max) +
                "; what was silent for long is forgotten, " + std::to_string(all) + " so far");
}

// All that the message has, and its payload.
plugin::Output Turn::output_as_input() const {
  plugin::Output output;
  output.direction = direction();
  output.topic = input_.topic();
  output.payload = input_.payload();
  output.qos = input_.qos();
  output.retain = input_.retain();
  const auto& raw = input_.raw();
  for (std::size_t i = 0; i < raw.property_count; ++i) {
    output.properties.emplace_back(plugin::view(raw.properties[i].name),
                                   plugin::view(raw.properties[i].value));
  }
  output.content_type = input_.content_type();
  output.response_topic = input_.response_topic();
  output.correlation_data = input_.correlation_data();
  return output;
}

void Turn::send(const std::string& topic, std::string payload) {
  auto output = output_as_input();
  output.topic = topic;
  if (payload != input_.payload()) output.content_type = json_type;
  output.payload = std::move(payload);
  host_.emit(output);
  host_.explain(R"({"result":"sent"})");
}

bool Turn::gather(const std::string& topic, const std::string& text, const Context& context) {
  Batches batches(host_);
  std::string group;
  if (options_.batch_per) {
    std::string why;
    group = options_.batch_per->fill(context, {}, why)->get<std::string>();
  }
  const auto key = Batches::key_of(direction(), topic, group);
  if (key.size() > Batches::key_bytes_max) {
    unfit("topic", "is too long for a batch");
    return false;
  }
  const auto& settings = *options_.batch;
  auto batch = batches.find(key);
  if (batch && batch->bytes + text.size() + 2 > settings.bytes) {
    flush(key, *batch);
    batch.reset();
  }
  if (!batch) {
    Batch fresh;
    fresh.direction = direction();
    fresh.topic = topic;
    fresh.begun = Moment::of(input_);
    fresh.due_wall_ms = input_.wall_ms() + settings.after_ms;
    fresh.first = context;
    batch = batches.open(key, fresh, options_.topics_max);
    if (!batch) {
      fresh.qos = input_.qos();
      counts_.add("sent_alone", "topics_max");
      send_array(fresh, "[" + text + "]", 1);
      host_.explain(R"({"result":"sent","what":"alone: topics_max batches are open"})");
      return true;
    }
  }
  batch->qos = std::max(batch->qos, input_.qos());
  batches.add(key, *batch, text);
  const bool full = batch->count >= settings.count || batch->bytes + 1 >= settings.bytes;
  if (full || elapsed_ms(batch->begun, Moment::of(input_)) >= settings.after_ms) {
    flush(key, *batch);
  } else {
    host_.explain(ObjectText()
                      .number("batch", std::int64_t(batch->id))
                      .number("place", std::int64_t(batch->count))
                      .text("result", "held")
                      .close());
  }
  return true;
}

void Turn::flush(std::string_view key, const Batch& batch) {
  Batches(host_).close(
      key, batch, options_.batch.value_or(BatchSettings()),
      [&](std::string array, std::uint64_t count) { send_array(batch, std::move(array), count); });
  host_.explain(ObjectText()
                    .number("batch", std::int64_t(batch.id))
                    .number("messages", std::int64_t(batch.count))
                    .text("result", "sent")
                    .close());
}

void Turn::send_array(const Batch& batch, std::string array, std::uint64_t count) {
  plugin::Output output;
  output.direction = batch.direction;
  output.topic = batch.topic;
  output.qos = batch.qos;
  output.content_type = json_type;
  output.payload = std::move(array);
  if (!options_.after_batch.empty()) {
    auto document = sdk::parse_json(output.payload);
    TopicMemory nothing(host_, input_);
    Outcome outcome;
    const std::string* where = nullptr;
    for (const auto& [name, step] : options_.after_batch) {
      where = &name;
      outcome = step->run(document, batch.first, nothing);
      if (outcome.kind != Outcome::Kind::on) break;
    }
    auto text = outcome.kind == Outcome::Kind::on ? written(document) : std::nullopt;
    if (text) {
      output.payload = std::move(*text);
    } else {
      // The array goes as it is: its messages have been taken, and must not be lost.
      host_.log(plugin::Level::warning, *where + " of a batch does not fit: " + outcome.why);
      counts_.add("unfit_passed", *where, count);
    }
  }
  host_.emit(output);
}

void Turn::woken() {
  if (input_.topic() == report_wake) return report();
  if (!input_.topic().starts_with(flush_wake)) return;
  const auto key = input_.topic().substr(flush_wake.size());
  const auto batch = Batches(host_).find(key);
  // The batch that this was for may have left, full, and another may have begun since.
  if (!batch || std::stoll(std::string(input_.payload())) < batch->due_wall_ms) return;
  flush(key, *batch);
}

void Turn::report() {
  plugin::Output output;
  output.direction = options_.towards.value_or(plugin::Direction::up);
  output.topic = options_.report;
  output.retain = true;
  output.content_type = json_type;
  auto counts = counts_.report();
  if (options_.report.empty()) return;  // it was taken out of the options meanwhile
  counts["bridge"] = options_.bridge_id;
  counts["at_ms"] = input_.wall_ms();
  output.payload = counts.dump();
  host_.emit(output);
}

void answer(plugin::Step& host, std::string_view what) {
  if (what == "counts") return host.explain(Counts(host, 0, 0).all().dump());
  host.explain(R"({"refused":"there is only the question counts"})");
}

}  // namespace bascule::transform
