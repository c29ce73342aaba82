#include "policy/step.hpp"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "journal/backlog/own_entry.hpp"
#include "message/own.hpp"
#include "message/properties.hpp"
#include "message/topic.hpp"
#include "policy/case_desk.hpp"
#include "text/json_text.hpp"
#include "text/time.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::size_t key_bytes_max = 1'024;
constexpr std::size_t value_bytes_max = 16 << 20;
constexpr std::size_t step_bytes_max = 64 << 20;  // of all that one step does
constexpr std::size_t text_bytes_max = 1 << 20;   // of a verdict, and of a case's data
constexpr int page_rows = 64;
constexpr int log_lines_per_s = 10;

// Asked of each verdict, so with RapidJSON: nlohmann's accept() takes three times as long.
// Iterative, for how deep a plugin nests must not be the stack's concern.
bool is_object(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  const bool opens = first != std::string_view::npos && text[first] == '{';
  if (!opens || !well_formed_utf8(text)) return false;
  rapidjson::MemoryStream in(text.data(), text.size());
  rapidjson::BaseReaderHandler<> nobody;
  return !rapidjson::Reader().Parse<rapidjson::kParseIterativeFlag>(in, nobody).IsError();
}

}  // namespace

Step::Step(JournalCore& core, const StepContext& context, std::int64_t wall_ms)
    : core_(core), context_(context), wall_ms_(wall_ms) {}

int Step::refuse(std::string reason) {
  if (refused_.empty()) refused_ = std::move(reason);
  return -1;
}

bool Step::charge(std::size_t bytes) {
  held_bytes_ += bytes;
  if (held_bytes_ <= step_bytes_max) return true;
  refuse("one step may not write more than 64 MiB");
  return false;
}

int Step::get(std::string_view key, bascule_bytes& value) {
  if (const auto changed = state_.find(key); changed != state_.end()) {
    if (!changed->second) return 0;
    value_ = *changed->second;
  } else {
    auto stored = core_.store().policies().state(context_.policy, key);
    if (!stored) return 0;
    rows_.insert_or_assign(std::string(key), stored->id);
    value_ = std::move(stored->value);
  }
  value = {value_.data(), value_.size()};
  return 1;
}

bool Step::change_state(std::string_view key, std::optional<std::string> value) {
  if (key.empty() || key.size() > key_bytes_max) {
    refuse("a key of the state must have 1 to 1,024 bytes");
    return false;
  }
  if (value && value->size() > value_bytes_max) {
    refuse("a value of the state must not have more than 16 MiB");
    return false;
  }
  if (!charge(key.size() + (value ? value->size() : 0))) return false;
  state_.insert_or_assign(std::string(key), std::move(value));
  return true;
}

int Step::put(std::string_view key, std::string_view value) {
  return change_state(key, std::string(value)) ? 0 : -1;
}

int Step::erase(std::string_view key) { return change_state(key, std::nullopt) ? 0 : -1; }

// The stored keys, a page at a time, with this step's own changes as they were when it began.
int Step::scan(std::string_view prefix, std::string_view from, void* context,
               int (*each)(void*, bascule_bytes, bascule_bytes)) {
  std::string next(std::max(prefix, from));
  State changed;
  for (auto one = state_.lower_bound(next);
       one != state_.end() && std::string_view(one->first).starts_with(prefix); ++one) {
    changed.insert(*one);
  }
  const auto show = [&](std::string_view key, std::string_view value) {
    return each(context, {key.data(), key.size()}, {value.data(), value.size()}) == 0;
  };
  auto own = changed.begin();
  // Shows what this step has changed before `key`; false: enough.
  const auto show_own = [&](const std::string* key) {
    for (; own != changed.end() && (key == nullptr || own->first < *key); ++own) {
      if (own->second && !show(own->first, *own->second)) return false;
    }
    return true;
  };
  while (true) {
    const auto page = core_.store().policies().states(context_.policy, prefix, next, page_rows);
    for (const auto& [key, value] : page) {
      if (!show_own(&key)) return 0;
      if (own != changed.end() && own->first == key) continue;  // replaced or erased
      if (!show(key, value)) return 0;
    }
    if (page.size() < page_rows) return show_own(nullptr), 0;
    next = page.back().first + '\0';
  }
}

int Step::emit(const bascule_output& output) {
  if (output.size < sizeof(bascule_output)) return refuse("emit: the output has no size");
  if (output.direction != BASCULE_UP && output.direction != BASCULE_DOWN) {
    return refuse("emit: there is no direction " + std::to_string(output.direction));
  }
  const auto direction = static_cast<Direction>(output.direction);
  if (context_.hub && direction == Direction::up) {
    return refuse("emit: nothing can go up, this bridge has no central broker");
  }
  const std::string_view named = view(output.lane);
  const std::string_view lane_name = named.empty() ? std::string_view(context_.lane) : named;
  const LaneId lane = core_.lane(direction, lane_name);
  if (lane == 0 || lane_name == events_lane || core_.lanes().at(lane - 1U).input) {
    return refuse("emit: there is no lane '" + std::string(lane_name) + "'");
  }
  std::string why;
  const std::string_view topic = view(output.topic);
  if (!valid_topic(topic, &why)) return refuse("emit: illegal topic: " + why);
  if (output.qos < 0 || output.qos > 2) return refuse("emit: illegal QoS");
  const std::string_view payload = view(output.payload);
  if (payload.size() > context_.max_payload_bytes) {
    return refuse("emit: a payload of " + std::to_string(payload.size()) +
                  " bytes is over max_payload");
  }
  properties_.clear();
  properties_.reserve(256);
  bool fits = output.expiry_s >= 0 && output.expiry_s <= 0xFFFF'FFFF;
  const auto add = [&](PropertyId id, std::string_view name, std::string_view value) {
    fits = fits && append_property(properties_, {id, 0, name, value});
  };
  if (fits && output.expiry_s > 0) {
    append_property(
        properties_,
        {PropertyId::message_expiry, static_cast<std::uint32_t>(output.expiry_s), {}, {}});
  }
  const auto add_text = [&](PropertyId id, bascule_bytes value) {
    if (value.size > 0) add(id, {}, view(value));
  };
  add_text(PropertyId::content_type, output.content_type);
  add_text(PropertyId::response_topic, output.response_topic);
  add_text(PropertyId::correlation_data, output.correlation_data);
  for (std::size_t i = 0; i < output.property_count; ++i) {
    const bascule_property& property = output.properties[i];
    add(PropertyId::user_property, view(property.name), view(property.value));
  }
  if (!fits || !valid_properties(properties_)) return refuse("emit: illegal properties");
  if (!charge(topic.size() + payload.size() + properties_.size() + record_header_bytes)) return -1;
  append(lane, {topic, payload, properties_, static_cast<Qos>(output.qos), output.retain != 0});
  return 0;
}

void Step::append(LaneId lane, const Message& message) {
  entries_.push_back(own_entry(message, lane, bytes_));
}

std::int64_t Step::open_case(std::string_view kind, std::string_view subject,
                             std::string_view data) {
  if (kind.empty() || kind.size() > 64 || subject.size() > key_bytes_max) {
    return refuse("open_case: the kind must have 1 to 64 bytes, the subject 1,024 at the most");
  }
  if (data.size() > text_bytes_max || !is_object(data)) {
    return refuse("open_case: the data is no JSON object of 1 MiB at the most");
  }
  if (!charge(subject.size() + data.size())) return -1;
  Case one;
  if (context_.number_case) {
    one.number = context_.number_case(kind, subject, wall_ms_);
  } else {
    if (next_case_ == 0) next_case_ = core_.store().policies().next_case();
    one.number = next_case_++;
  }
  one.policy = context_.policy;
  one.kind = kind;
  one.subject = subject;
  one.data = data;
  one.opened_ms = wall_ms_;
  event("case_opened", one);
  tell(one, true);
  opened_.push_back(std::move(one));
  return opened_.back().number;
}

int Step::close_case(std::int64_t number, std::string_view outcome) {
  if (outcome.size() > text_bytes_max || !is_object(outcome)) {
    return refuse("close_case: the outcome is no JSON object of 1 MiB at the most");
  }
  const auto just = std::find_if(opened_.begin(), opened_.end(),
                                 [&](const Case& one) { return one.number == number; });
  auto found =
      just != opened_.end() ? std::optional(*just) : core_.store().policies().find_case(number);
  const bool again = std::any_of(closed_.begin(), closed_.end(),
                                 [&](const Case& one) { return one.number == number; });
  if (!found || found->policy != context_.policy || found->state == Case::State::closed || again) {
    return refuse("close_case: this policy has no open case " + std::to_string(number));
  }
  if (!charge(outcome.size())) return -1;
  found->outcome = outcome;
  event("case_closed", *found);
  tell(*found, false);
  closed_.push_back(std::move(*found));
  return 0;
}

// Through the journal in the same step: told exactly if it happened.
void Step::event(const char* what, const Case& one) {
  if (context_.events_topic.empty()) return;
  const std::string payload = json_text(json{{"event", what},
                                             {"policy", context_.name},
                                             {"case", one.number},
                                             {"kind", one.kind},
                                             {"subject", one.subject},
                                             {"at", utc_text(wall_ms_)}});
  append(core_.lane(context_.events, events_lane), own_message(context_.events_topic, payload));
}

// Retained, for applications that decide cases over MQTT.
void Step::tell(const Case& one, bool waits) {
  if (context_.cases.empty()) return;
  std::string payload;
  if (waits) {
    payload = json_text(case_json(one, context_.name));
  }
  append(core_.lane(context_.events, context_.lane),
         own_message(case_topic(context_.cases, one.number), payload, true));
}

int Step::wake_at(std::string_view name, std::int64_t wall_ms) {
  if (!valid_topic(name) || name.size() > key_bytes_max || wall_ms < 0) {
    return refuse("wake_at: the name must be fit for a topic of 1 to 1,024 bytes");
  }
  if (!charge(name.size())) return -1;
  wakes_.insert_or_assign(std::string(name), wall_ms);
  return 0;
}

int Step::explain(std::string_view verdict) {
  if (verdict.size() > text_bytes_max || !is_object(verdict)) {
    return refuse("explain: the verdict is no JSON object of 1 MiB at the most");
  }
  verdict_ = verdict;
  return 0;
}

void Step::log(int level, std::string_view text) {
  constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info,
                                                  spdlog::level::warn, spdlog::level::err};
  if (context_.log == nullptr) return;
  LogBudget& budget = *context_.log;
  if (const std::int64_t second = boottime_ms() / 1'000; second != budget.second) {
    budget = {second, 0};
  }
  if (++budget.lines > log_lines_per_s) return;
  spdlog::log(levels[std::clamp(level, 0, 3)], "policy {}: {}", context_.name,
              text.substr(0, key_bytes_max));
}

void Step::fail(std::string_view reason) { failed_ = reason.substr(0, key_bytes_max); }

void Step::quarantine(std::string_view reason) {
  fail(reason);
  hopeless_ = true;
}

std::string Step::failure(int result) const {
  if (thrown_) std::rethrow_exception(thrown_);
  if (!refused_.empty()) return refused_;
  if (result == 0) return {};
  return failed_.empty() ? "it failed with " + std::to_string(result) : failed_;
}

void Step::keep() {
  PolicyTables& store = core_.change().policies();
  for (auto& [key, value] : state_) {
    const auto row = rows_.find(key);
    if (value && row != rows_.end()) {
      store.replace_state(context_.policy, key, {row->second, std::move(*value)});
    } else if (value) {
      store.save_state(context_.policy, key, *value);
    } else {
      store.erase_state(context_.policy, key);
    }
  }
  for (const Case& one : opened_) store.open_case(one);
  for (const Case& one : closed_) store.close_case(one.number, one.outcome, wall_ms_);
  for (const auto& [name, wall_ms] : wakes_) store.save_wake(context_.policy, name, wall_ms);
}

bool Step::apply(const LaneState& lane, const Record& input, Decision decision) {
  std::vector<std::uint64_t> before;
  if (!entries_.empty()) {
    before.reserve(core_.lanes().size());
    for (const LaneState& one : core_.lanes()) before.push_back(one.next);
    if (core_.emit(bytes_, entries_) == AppendResult::full) return false;
  }
  keep();
  decision.emitted = emitted(before);
  decision.verdict = verdict_;
  core_.change().policies().save_decision(decision);
  core_.settle_input(lane.id, input.sequence, input.size, Fate::forwarded);
  return true;
}

// "up/sales/17-18;down/default/3-3"
std::string Step::emitted(const std::vector<std::uint64_t>& before) const {
  std::string text;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const LaneState& lane = core_.lanes()[i];
    if (lane.next == before[i] || lane.name == events_lane) continue;
    if (!text.empty()) text += ';';
    text.append(to_string(lane.direction)).append("/").append(lane.name).append("/");
    text.append(std::to_string(before[i])).append("-").append(std::to_string(lane.next - 1));
  }
  return text;
}

}  // namespace bascule
