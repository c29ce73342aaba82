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
  std::vector<std::string> log;
  std::string got, failure;
  int calls = 0;
  bool crashed = false;

  // From here on every call is refused, if the test says so: whatever the policy does after that
  // has no effect, as of a process that is no more.
  bool crashes() {
    crashed = crashed || (host.crash_after && calls++ >= *host.crash_after);
    return crashed;
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
  if (step->crashes()) return -1;
  const auto* found = step->find(view(key));
  if (found == nullptr) return 0;
  step->got = *found;
  *value = plugin::bytes(step->got);
  return 1;
}

int put(bascule_step* step, bascule_bytes key, bascule_bytes value) {
  if (step->crashes()) return -1;
  if (key.size == 0 || key.size > 1024) return -1;
  step->puts[std::string(view(key))] = std::string(view(value));
  return 0;
}

int erase(bascule_step* step, bascule_bytes key) {
  if (step->crashes()) return -1;
  step->puts[std::string(view(key))] = std::nullopt;
  return 0;
}

int scan(bascule_step* step, bascule_bytes prefix, bascule_bytes from, void* context,
         int (*each)(void*, bascule_bytes, bascule_bytes)) {
  if (step->crashes()) return -1;
  // As it is now: what `each` puts and erases does not change what it is shown.
  std::map<std::string, std::string> shown;
  const auto start = std::max(view(prefix), view(from));
  const auto& kept = step->host.state;
  for (auto it = kept.lower_bound(start); it != kept.end(); ++it) {
    if (!it->first.starts_with(view(prefix))) break;
    shown.insert(*it);
  }
  for (auto it = step->puts.lower_bound(start); it != step->puts.end(); ++it) {
    if (!it->first.starts_with(view(prefix))) break;
    shown.erase(it->first);
    if (it->second) shown.emplace(it->first, *it->second);
  }
  for (const auto& [key, value] : shown) {
    if (each(context, plugin::bytes(key), plugin::bytes(value)) != 0) break;
  }
  return 0;
}

int emit(bascule_step* step, const bascule_output* output) {
  if (step->crashes()) return -1;
  if (output->topic.size == 0 || view(output->topic).find_first_of("+#") != std::string::npos) {
    return -1;
  }
  Sent sent{static_cast<plugin::Direction>(output->direction),
            std::string(view(output->lane)),
            std::string(view(output->topic)),
            std::string(view(output->payload)),
            output->qos,
            output->retain != 0,
            {},
            std::string(view(output->correlation_data))};
  for (std::size_t i = 0; i < output->property_count; ++i) {
    sent.properties.emplace_back(view(output->properties[i].name),
                                 view(output->properties[i].value));
  }
  step->sent.push_back(std::move(sent));
  return 0;
}

std::int64_t open_case(bascule_step* step, bascule_bytes kind, bascule_bytes subject,
                       bascule_bytes data) {
  if (step->crashes()) return -1;
  step->cases[step->next_case] = {std::string(view(kind)), std::string(view(subject)),
                                  Json::parse(view(data))};
  return step->next_case++;
}

int close_case(bascule_step* step, std::int64_t number, bascule_bytes outcome) {
  if (step->crashes()) return -1;
  if (!step->cases.contains(number) && !step->host.cases.contains(number)) return -1;
  if (step->closed.contains(number) || step->host.closed.contains(number)) return -1;
  step->closed[number] = Json::parse(view(outcome));
  return 0;
}

int wake_at(bascule_step* step, bascule_bytes name, std::int64_t wall_ms) {
  if (step->crashes()) return -1;
  if (wall_ms == 0) {
    step->wakes.erase(std::string(view(name)));
  } else {
    step->wakes[std::string(view(name))] = wall_ms;
  }
  return 0;
}

int explain(bascule_step* step, bascule_bytes verdict) {
  if (step->crashes()) return -1;
  step->explained = Json::parse(view(verdict));
  return 0;
}

void log(bascule_step* step, int, bascule_bytes text) { step->log.emplace_back(view(text)); }

void fail(bascule_step* step, bascule_bytes reason) { step->failure = view(reason); }

const bascule_host host_functions{sizeof(bascule_host),
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
                                  fail,
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
  raw.response_topic = plugin::bytes(message.response_topic);
  raw.correlation_data = plugin::bytes(message.correlation);
  raw.wall_ms = message.wall_ms;
  raw.boottime_ms = message.boottime_ms;
  raw.boot = message.boot;
  raw.clock_trusted = message.trusted ? 1 : 0;
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

const bascule_host& MemoryHost::functions() { return host_functions; }

bool MemoryHost::step(const DecideInCpp& decide, const Message& message) {
  const Decide in_c = [&](bascule_step* raw, const bascule_input& input) {
    try {
      plugin::Step step(host_functions, raw);
      decide(step, plugin::Input(input));
      return 0;
    } catch (const std::exception& error) {
      raw->failure = error.what();
      return 1;
    }
  };
  return step(in_c, message);
}

bool MemoryHost::step(const Decide& decide, const Message& message) {
  bascule_step step{*this, {}, {}, {}, {}, wakes, next_case, {}, {}, {}, {}};
  if (message.kind == plugin::Input::Kind::wake) step.wakes.erase(message.topic);
  std::vector<bascule_property> properties;
  auto raw = raw_input(message, properties, inputs + 1);
  raw.bridge_epoch = plugin::bytes(epoch);
  const bool done = decide(&step, raw) == 0;
  failure = step.failure;
  if (!done || step.crashed) return false;
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
  wakes = std::move(step.wakes);
  log.insert(log.end(), step.log.begin(), step.log.end());
  next_case = step.next_case;
  return true;
}

PluginInstance::PluginInstance(const std::string& bridge_id, const Json& options) {
  const auto json = options.dump();
  std::string problems;
  bascule_options raw{};
  raw.size = sizeof raw;
  raw.json = plugin::bytes(json);
  raw.name = plugin::bytes("test");
  raw.bridge_id = plugin::bytes(bridge_id);
  raw.context = &problems;
  raw.problem = [](void* context, bascule_bytes pointer, bascule_bytes text) {
    auto& all = *static_cast<std::string*>(context);
    all.append(view(pointer)).append(" ").append(view(text)).append("; ");
  };
  const auto* plugin = bascule_policy_plugin(BASCULE_POLICY_ABI);
  auto* made = plugin->create(&host_functions, &raw);
  if (made == nullptr) throw std::runtime_error(problems);
  instance_ = {made, plugin->destroy};
}

int PluginInstance::decide(bascule_step* step, const bascule_input& input) const {
  return bascule_policy_plugin(BASCULE_POLICY_ABI)->decide(instance_.get(), step, &input);
}

}  // namespace bascule::test
