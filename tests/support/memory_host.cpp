#include "support/memory_host.hpp"

#include <stdexcept>

// The step under way: what it has put lies over the host's state until it is kept.
struct bascule_step {
  bascule::test::MemoryHost& host;
  std::map<std::string, std::optional<std::string>, std::less<>> puts;
  std::vector<bascule::test::Sent> sent;
  std::map<std::int64_t, bascule::test::OpenCase> cases;
  std::map<std::int64_t, bascule::test::Json> closed;
  std::map<std::string, std::int64_t> wakes;
  std::int64_t next_case;
  bascule::test::Json explained;
  std::string got;
  int calls = 0;

  // Crashes here if the test says so.
  void count() {
    if (host.crash_after && calls++ >= *host.crash_after) throw std::runtime_error("crash");
  }
  const std::string* find(std::string_view key) const {
    const auto put = puts.find(key);
    if (put != puts.end()) return put->second ? &*put->second : nullptr;
    const auto kept = host.state.find(key);
    return kept == host.state.end() ? nullptr : &kept->second;
  }
};

namespace bascule::test {

namespace {

using plugin::view;

int get(bascule_step* step, bascule_bytes key, bascule_bytes* value) {
  step->count();
  const auto* found = step->find(view(key));
  if (found == nullptr) return 0;
  step->got = *found;
  *value = plugin::bytes(step->got);
  return 1;
}

int put(bascule_step* step, bascule_bytes key, bascule_bytes value) {
  step->count();
  if (key.size == 0 || key.size > 1024) return -1;
  step->puts[std::string(view(key))] = std::string(view(value));
  return 0;
}

int erase(bascule_step* step, bascule_bytes key) {
  step->count();
  step->puts[std::string(view(key))] = std::nullopt;
  return 0;
}

int scan(bascule_step* step, bascule_bytes prefix, bascule_bytes from, void* context,
         int (*each)(void*, bascule_bytes, bascule_bytes)) {
  step->count();
  const auto start = std::max(view(prefix), view(from));
  std::vector<std::string> keys;  // as they are now: `each` may put and erase
  auto kept = step->host.state.lower_bound(start);
  auto over = step->puts.lower_bound(start);
  const auto begins = [&](const std::string& key) { return key.starts_with(view(prefix)); };
  while (true) {
    const bool has_kept = kept != step->host.state.end() && begins(kept->first);
    const bool has_over = over != step->puts.end() && begins(over->first);
    if (!has_kept && !has_over) break;
    std::string key;
    if (has_kept && (!has_over || kept->first <= over->first)) {
      key = kept->first;
      if (has_over && over->first == key) ++over;
      ++kept;
    } else {
      key = (over++)->first;
    }
    const auto* value = step->find(key);
    if (value == nullptr) continue;
    const std::string copy = *value;
    if (each(context, plugin::bytes(key), plugin::bytes(copy)) != 0) break;
  }
  return 0;
}

int emit(bascule_step* step, const bascule_output* output) {
  step->count();
  if (output->topic.size == 0 || view(output->topic).find_first_of("+#") != std::string::npos) {
    return -1;
  }
  Sent sent{static_cast<plugin::Direction>(output->direction),
            std::string(view(output->lane)),
            std::string(view(output->topic)),
            std::string(view(output->payload)),
            output->retain != 0,
            {}};
  for (std::size_t i = 0; i < output->property_count; ++i) {
    sent.properties.emplace_back(view(output->properties[i].name),
                                 view(output->properties[i].value));
  }
  step->sent.push_back(std::move(sent));
  return 0;
}

std::int64_t open_case(bascule_step* step, bascule_bytes kind, bascule_bytes subject,
                       bascule_bytes data) {
  step->count();
  step->cases[step->next_case] = {std::string(view(kind)), std::string(view(subject)),
                                  Json::parse(view(data))};
  return step->next_case++;
}

int close_case(bascule_step* step, std::int64_t number, bascule_bytes outcome) {
  step->count();
  if (!step->cases.contains(number) && !step->host.cases.contains(number)) return -1;
  if (step->closed.contains(number) || step->host.closed.contains(number)) return -1;
  step->closed[number] = Json::parse(view(outcome));
  return 0;
}

int wake_at(bascule_step* step, bascule_bytes name, std::int64_t wall_ms) {
  step->count();
  step->wakes[std::string(view(name))] = wall_ms;
  return 0;
}

int explain(bascule_step* step, bascule_bytes verdict) {
  step->count();
  step->explained = Json::parse(view(verdict));
  return 0;
}

void log(bascule_step*, int, bascule_bytes) {}

void fail(bascule_step* step, bascule_bytes reason) { step->host.failure = view(reason); }

const bascule_host functions{sizeof(bascule_host),
                             BASCULE_POLICY_ABI,
                             get,
                             put,
                             erase,
                             scan,
                             emit,
                             open_case,
                             close_case,
                             wake_at,
                             explain,
                             log,
                             fail};

bascule_input raw_input(const Message& message, std::vector<bascule_property>& properties,
                        std::uint64_t number) {
  for (const auto& [name, value] : message.properties) {
    properties.push_back({plugin::bytes(name), plugin::bytes(value)});
  }
  bascule_input raw{};
  raw.size = sizeof raw;
  raw.kind = static_cast<std::int32_t>(message.kind);
  raw.direction = static_cast<std::int32_t>(message.direction);
  raw.origin = plugin::bytes(message.origin);
  raw.epoch = plugin::bytes(message.epoch);
  raw.lane = plugin::bytes(message.lane);
  raw.sequence = message.sequence;
  raw.number = number;
  raw.topic = plugin::bytes(message.topic);
  raw.payload = plugin::bytes(message.payload);
  raw.qos = 1;
  raw.retain = message.retain ? 1 : 0;
  raw.properties = properties.data();
  raw.property_count = properties.size();
  raw.wall_ms = message.wall_ms;
  raw.boottime_ms = message.boottime_ms;
  raw.boot = message.boot;
  raw.clock_trusted = 1;
  raw.central_up = message.central_up ? 1 : 0;
  return raw;
}

std::string find_property(const std::vector<std::pair<std::string, std::string>>& properties,
                          const std::string& name) {
  for (const auto& [key, value] : properties) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

std::string Message::property(const std::string& name) const {
  return find_property(properties, name);
}
std::string Sent::property(const std::string& name) const {
  return find_property(properties, name);
}

bool MemoryHost::step(const Decide& decide, const Message& message) {
  bascule_step step{*this, {}, {}, {}, {}, {}, next_case, {}, {}, 0};
  std::vector<bascule_property> properties;
  const auto raw = raw_input(message, properties, inputs + 1);
  failure.clear();
  try {
    plugin::Step wrapped(functions, &step);
    decide(wrapped, plugin::Input(raw));
  } catch (const std::exception& error) {
    failure = error.what();
    return false;
  }
  ++inputs;
  for (auto& [key, value] : step.puts) {
    if (value) {
      state[key] = std::move(*value);
    } else {
      state.erase(key);
    }
  }
  sent = std::move(step.sent);
  explained = std::move(step.explained);
  cases.merge(step.cases);
  closed.merge(step.closed);
  next_case = step.next_case;
  if (message.kind == plugin::Input::Kind::wake) wakes.erase(message.topic);
  for (const auto& [name, at] : step.wakes) wakes[name] = at;
  return true;
}

}  // namespace bascule::test
