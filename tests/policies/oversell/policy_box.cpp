#include "policies/oversell/policy_box.hpp"

#include <algorithm>

// The step under way: what it has changed lies over the box until it is kept.
struct bascule_step {
  bascule::oversell::test::PolicyBox& box;
  std::map<std::string, std::optional<std::string>, std::less<>> changed;
  std::vector<bascule::oversell::test::Sent> sent;
  std::map<std::int64_t, bascule::oversell::test::Case> cases;
  std::map<std::string, std::int64_t> wakes;
  std::vector<std::string> log;
  bascule::oversell::Json explained;
  std::string got, failure;
  int calls = 0;
  bool crashed = false;

  bool crashes() {
    crashed = crashed || (box.crash_after && calls++ >= *box.crash_after);
    return crashed;
  }
  const std::string* find(const std::string& key) const {
    if (const auto over = changed.find(key); over != changed.end()) {
      return over->second ? &*over->second : nullptr;
    }
    const auto kept = box.state.find(key);
    return kept == box.state.end() ? nullptr : &kept->second;
  }
};

namespace bascule::oversell::test {

namespace {

using plugin::bytes;
using plugin::view;

std::string copy(bascule_bytes raw) { return std::string(view(raw)); }

int get(bascule_step* step, bascule_bytes key, bascule_bytes* value) {
  if (step->crashes()) return -1;
  const auto* found = step->find(copy(key));
  if (found == nullptr) return 0;
  step->got = *found;
  *value = bytes(step->got);
  return 1;
}

int put(bascule_step* step, bascule_bytes key, bascule_bytes value) {
  if (step->crashes() || key.size == 0 || key.size > 1024) return -1;
  step->changed[copy(key)] = copy(value);
  return 0;
}

int erase(bascule_step* step, bascule_bytes key) {
  if (step->crashes()) return -1;
  step->changed[copy(key)] = std::nullopt;
  return 0;
}

int scan(bascule_step* step, bascule_bytes prefix, bascule_bytes from, void* context,
         int (*each)(void*, bascule_bytes, bascule_bytes)) {
  if (step->crashes()) return -1;
  const auto begins = [&](const std::string& key) { return key.starts_with(view(prefix)); };
  const auto start = std::max(copy(prefix), copy(from));
  auto kept = step->box.state.lower_bound(start);
  auto over = step->changed.lower_bound(start);
  while (true) {
    const bool has_kept = kept != step->box.state.end() && begins(kept->first);
    const bool has_over = over != step->changed.end() && begins(over->first);
    if (!has_kept && !has_over) return 0;
    const bool from_kept = has_kept && (!has_over || kept->first <= over->first);
    const auto key = from_kept ? kept->first : over->first;
    if (has_over && over->first == key) ++over;
    if (from_kept) ++kept;
    const auto* value = step->find(key);
    if (value == nullptr) continue;
    const auto shown = *value;
    if (each(context, bytes(key), bytes(shown)) != 0) return 0;
  }
}

int emit(bascule_step* step, const bascule_output* output) {
  const auto topic = copy(output->topic);
  if (step->crashes() || topic.empty() || topic.find_first_of("+#") != std::string::npos) return -1;
  step->sent.push_back({static_cast<plugin::Direction>(output->direction), topic,
                        copy(output->payload), copy(output->correlation_data), output->qos,
                        output->retain != 0, step->box.epoch});
  return 0;
}

std::int64_t open_case(bascule_step* step, bascule_bytes kind, bascule_bytes subject,
                       bascule_bytes data) {
  if (step->crashes()) return -1;
  const auto number = static_cast<std::int64_t>(step->cases.size()) + 1;
  step->cases[number] = {copy(kind), copy(subject), Json::parse(view(data)), std::nullopt};
  return number;
}

int close_case(bascule_step* step, std::int64_t number, bascule_bytes outcome) {
  const auto found = step->cases.find(number);
  if (step->crashes() || found == step->cases.end() || found->second.outcome) return -1;
  found->second.outcome = Json::parse(view(outcome));
  return 0;
}

int wake_at(bascule_step* step, bascule_bytes name, std::int64_t at) {
  if (step->crashes()) return -1;
  if (at == 0) {
    step->wakes.erase(copy(name));
  } else {
    step->wakes[copy(name)] = at;
  }
  return 0;
}

int explain(bascule_step* step, bascule_bytes verdict) {
  if (step->crashes()) return -1;
  step->explained = Json::parse(view(verdict));
  return 0;
}

void log(bascule_step* step, int, bascule_bytes text) { step->log.push_back(copy(text)); }
void fail(bascule_step* step, bascule_bytes reason) { step->failure = copy(reason); }

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

void note_problem(void* context, bascule_bytes pointer, bascule_bytes text) {
  *static_cast<std::string*>(context) += copy(pointer) + " " + copy(text) + "; ";
}

void* create(const std::string& id, const Json& options, std::string& problems) {
  const auto json = options.dump();
  bascule_options raw{};
  raw.size = sizeof raw;
  raw.json = bytes(json);
  raw.name = bytes("seats");
  raw.bridge_id = bytes(id);
  raw.context = &problems;
  raw.problem = note_problem;
  return bascule_policy_plugin(BASCULE_POLICY_ABI)->create(&functions, &raw);
}

}  // namespace

struct PolicyBox::Instance {
  explicit Instance(void* made) : raw(made) {}
  ~Instance() { bascule_policy_plugin(BASCULE_POLICY_ABI)->destroy(raw); }
  void* raw;
};

PolicyBox::PolicyBox(std::string box_id, const Json& options)
    : id(std::move(box_id)), options_(options) {
  std::string problems;
  auto* made = create(id, options_, problems);
  if (made == nullptr) throw std::runtime_error(problems);
  instance_ = std::make_shared<Instance>(made);
}

std::vector<Sent> PolicyBox::step(const Given& given) {
  std::string failure;
  auto done = attempt(given, failure);
  if (!done && crash_after) {
    ++crashes;
    crash_after.reset();
    std::string problems;
    instance_ = std::make_shared<Instance>(create(id, options_, problems));
    done = attempt(given, failure);
  }
  crash_after.reset();
  if (!done) throw std::runtime_error(failure);
  return *done;
}

std::optional<std::vector<Sent>> PolicyBox::attempt(const Given& given, std::string& failure) {
  bascule_step step{*this, {}, {}, cases, wakes, {}, {}, {}, {}};
  if (given.kind == plugin::Input::Kind::wake) step.wakes.erase(given.topic);
  const auto& origin = given.origin.empty() ? id : given.origin;
  bascule_input raw{};
  raw.size = sizeof raw;
  raw.kind = static_cast<std::int32_t>(given.kind);
  raw.direction = static_cast<std::int32_t>(given.direction);
  raw.origin = bytes(origin);
  raw.epoch = bytes(epoch);
  raw.lane = bytes("sales");
  raw.sequence = number_ + 1;
  raw.number = number_ + 1;
  raw.topic = bytes(given.topic);
  raw.payload = bytes(given.payload);
  raw.qos = 1;
  raw.response_topic = bytes(given.response_topic);
  raw.correlation_data = bytes(given.correlation);
  raw.wall_ms = wall_ms;
  raw.boottime_ms = boottime_ms;
  raw.boot = boot;
  raw.clock_trusted = trusted ? 1 : 0;
  raw.central_up = central_up ? 1 : 0;
  const auto result =
      bascule_policy_plugin(BASCULE_POLICY_ABI)->decide(instance_->raw, &step, &raw);
  if (result != 0 || step.crashed) {
    failure = step.failure;
    return std::nullopt;
  }
  ++number_;
  for (auto& [key, value] : step.changed) {
    if (value) {
      state[key] = std::move(*value);
    } else {
      state.erase(key);
    }
  }
  cases = std::move(step.cases);
  wakes = std::move(step.wakes);
  if (!step.explained.is_null()) explained = std::move(step.explained);
  log.insert(log.end(), step.log.begin(), step.log.end());
  return std::move(step.sent);
}

std::string problems_of(const Json& options) {
  try {
    PolicyBox("box", options);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace bascule::oversell::test
