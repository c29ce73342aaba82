// The plugin ABI (policy.h, which says what everything means) for C++17 and later: views instead of
// bytes, exceptions instead of return codes. A policy is a class:
//
//   class Gate {
//    public:
//     explicit Gate(const bascule::plugin::Options& options);
//     void decide(bascule::plugin::Step& step, const bascule::plugin::Input& input);
//   };
//   BASCULE_POLICY(Gate, "gate", "1.0", "lets through what the gate keeper likes")
//
// The constructor reports what is wrong with Options::problem(). What decide() throws fails the
// step, which is tried again; a Quarantine says that this is of no use. No exception crosses the C
// line. A class that answers people's questions about its state (bascule_policy.ask) has besides
//
//     void ask(bascule::plugin::Step& step, std::string_view what, std::string_view about);
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "bascule/policy.h"

namespace bascule::plugin {

inline std::string_view view(bascule_bytes bytes) {
  return bytes.size == 0 ? std::string_view() : std::string_view(bytes.data, bytes.size);
}
inline bascule_bytes bytes(std::string_view text) { return {text.data(), text.size()}; }

// As in the C header; the values are the same.
enum class Direction : std::int32_t { up = BASCULE_UP, down = BASCULE_DOWN };
enum class Level : int {
  debug = BASCULE_DEBUG,
  info = BASCULE_INFO,
  warning = BASCULE_WARNING,
  error = BASCULE_ERROR
};

// One input, as views that live while decide() runs.
class Input {
 public:
  enum class Kind : std::int32_t {
    message = BASCULE_MESSAGE,
    resolution = BASCULE_RESOLUTION,
    wake = BASCULE_WAKE,
    link = BASCULE_LINK
  };

  explicit Input(const bascule_input& raw) : raw_(raw) {}

  Kind kind() const { return static_cast<Kind>(raw_.kind); }
  Direction direction() const { return static_cast<Direction>(raw_.direction); }
  std::string_view origin() const { return view(raw_.origin); }
  std::string_view epoch() const { return view(raw_.epoch); }
  std::string_view lane() const { return view(raw_.lane); }
  std::uint64_t sequence() const { return raw_.sequence; }
  std::uint64_t number() const { return raw_.number; }
  std::string_view topic() const { return view(raw_.topic); }
  std::string_view payload() const { return view(raw_.payload); }
  int qos() const { return raw_.qos; }
  bool retain() const { return raw_.retain != 0; }
  std::string_view content_type() const { return view(raw_.content_type); }
  std::string_view response_topic() const { return view(raw_.response_topic); }
  std::string_view correlation_data() const { return view(raw_.correlation_data); }
  std::int64_t wall_ms() const { return raw_.wall_ms; }
  std::int64_t boottime_ms() const { return raw_.boottime_ms; }
  std::int64_t boot() const { return raw_.boot; }
  bool clock_trusted() const { return raw_.clock_trusted != 0; }
  bool central_up() const { return raw_.central_up != 0; }
  // Empty in a bridge that is older than this.
  std::string_view bridge_epoch() const {
    constexpr auto end = offsetof(bascule_input, bridge_epoch) + sizeof(bascule_bytes);
    return raw_.size < end ? std::string_view() : view(raw_.bridge_epoch);
  }

  // The first user property of that name.
  std::optional<std::string_view> property(std::string_view name) const {
    for (std::size_t i = 0; i < raw_.property_count; ++i) {
      if (view(raw_.properties[i].name) == name) return view(raw_.properties[i].value);
    }
    return std::nullopt;
  }

  const bascule_input& raw() const { return raw_; }

 private:
  const bascule_input& raw_;
};

struct Output {
  Direction direction = Direction::up;
  std::string topic;
  std::string payload;
  int qos = 1;
  bool retain = false;
  std::string lane;  // empty: the policy's
  std::vector<std::pair<std::string, std::string>> properties;
  std::string content_type;
  std::string response_topic;
  std::string correlation_data;
  std::int64_t expiry_s = 0;  // 0: none
};

// The host during one step. Every function throws std::runtime_error when the host refuses; the
// step has failed then.
class Step {
 public:
  Step(const bascule_host& host, bascule_step* step) : host_(host), step_(step) {}

  std::optional<std::string> get(std::string_view key) const {
    bascule_bytes value{nullptr, 0};
    if (check(host_.get(step_, bytes(key), &value), "get") == 0) return std::nullopt;
    return std::string(view(value));
  }
  void put(std::string_view key, std::string_view value) {
    check(host_.put(step_, bytes(key), bytes(value)), "put");
  }
  void erase(std::string_view key) { check(host_.erase(step_, bytes(key)), "erase"); }

  // Calls each(key, value) for the keys with this prefix from `from` on, in order, while it gives
  // true.
  template <class Each>
  void scan(std::string_view prefix, std::string_view from, Each each) const {
    struct Context {
      Each& each;
      std::exception_ptr thrown;
    } context{each, nullptr};
    const auto call = [](void* raw, bascule_bytes key, bascule_bytes value) -> int {
      auto& to = *static_cast<Context*>(raw);
      try {
        return to.each(view(key), view(value)) ? 0 : 1;
      } catch (...) {
        to.thrown = std::current_exception();
        return 1;
      }
    };
    const int result = host_.scan(step_, bytes(prefix), bytes(from), &context, call);
    if (context.thrown) std::rethrow_exception(context.thrown);
    check(result, "scan");
  }

  void emit(const Output& output) {
    std::vector<bascule_property> properties;
    properties.reserve(output.properties.size());
    for (const auto& [name, value] : output.properties) {
      properties.push_back({bytes(name), bytes(value)});
    }
    bascule_output raw{};
    raw.size = sizeof raw;
    raw.direction = static_cast<std::int32_t>(output.direction);
    raw.qos = output.qos;
    raw.retain = output.retain ? 1 : 0;
    raw.lane = bytes(output.lane);
    raw.topic = bytes(output.topic);
    raw.payload = bytes(output.payload);
    raw.properties = properties.data();
    raw.property_count = properties.size();
    raw.content_type = bytes(output.content_type);
    raw.response_topic = bytes(output.response_topic);
    raw.correlation_data = bytes(output.correlation_data);
    raw.expiry_s = output.expiry_s;
    check(host_.emit(step_, &raw), "emit");
  }

  std::int64_t open_case(std::string_view kind, std::string_view subject, std::string_view data) {
    const auto number = host_.open_case(step_, bytes(kind), bytes(subject), bytes(data));
    if (number < 0) refuse("open_case");
    return number;
  }
  void close_case(std::int64_t number, std::string_view outcome) {
    check(host_.close_case(step_, number, bytes(outcome)), "close_case");
  }
  void wake_at(std::string_view name, std::int64_t wall_ms) {
    check(host_.wake_at(step_, bytes(name), wall_ms), "wake_at");
  }
  void explain(std::string_view verdict) { check(host_.explain(step_, bytes(verdict)), "explain"); }
  void log(Level level, std::string_view text) {
    host_.log(step_, static_cast<int>(level), bytes(text));
  }

 private:
  [[noreturn]] static void refuse(const char* what) {
    throw std::runtime_error(std::string("the bridge refused: ") + what);
  }
  static int check(int result, const char* what) {
    if (result < 0) refuse(what);
    return result;
  }

  const bascule_host& host_;
  bascule_step* step_;
};

// Thrown by decide(): another attempt would end likewise, so that the input is quarantined at once.
struct Quarantine : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Options {
 public:
  explicit Options(const bascule_options& raw) : raw_(raw) {}

  std::string_view json() const { return view(raw_.json); }
  std::string_view name() const { return view(raw_.name); }
  std::string_view bridge_id() const { return view(raw_.bridge_id); }

  // What is wrong at a JSON pointer; the text continues a sentence that begins with the key.
  void problem(std::string_view pointer, std::string_view text) const {
    raw_.problem(raw_.context, bytes(pointer), bytes(text));
    wrong_ = true;
  }
  bool wrong() const { return wrong_; }

  // What the policy takes and sends, for `bascule check`; bascule_topic says what it means.
  void takes(std::string_view pointer, std::string_view filter, Direction direction,
             bool needed) const {
    topic(BASCULE_TAKES, pointer, filter, direction, needed, {});
  }
  void sends(std::string_view pointer, std::string_view filter, Direction direction, bool needed,
             std::string_view lane = {}) const {
    topic(BASCULE_SENDS, pointer, filter, direction, needed, lane);
  }

 private:
  void topic(std::int32_t kind, std::string_view pointer, std::string_view filter,
             Direction direction, bool needed, std::string_view lane) const {
    if (raw_.size < offsetof(bascule_options, topic) + sizeof raw_.topic || !raw_.topic) return;
    const bascule_topic named{sizeof(bascule_topic),
                              kind,
                              static_cast<int32_t>(direction),
                              needed ? 1 : 0,
                              bytes(pointer),
                              bytes(filter),
                              bytes(lane)};
    raw_.topic(raw_.context, &named);
  }

  const bascule_options& raw_;
  mutable bool wrong_ = false;
};

// Whether a policy has ask().
template <class Policy, class = void>
struct Asked : std::false_type {};
template <class Policy>
struct Asked<Policy, std::void_t<decltype(std::declval<Policy&>().ask(
                         std::declval<Step&>(), std::string_view(), std::string_view()))>>
    : std::true_type {};

// What the macro below fills the C struct with.
template <class Policy>
struct Glue {
  struct Instance {
    const bascule_host& host;
    Policy policy;
  };

  static void* create(const bascule_host* host, const bascule_options* raw) noexcept {
    const Options options(*raw);
    try {
      auto made = std::make_unique<Instance>(Instance{*host, Policy(options)});
      return options.wrong() ? nullptr : made.release();
    } catch (const std::exception& error) {
      if (!options.wrong()) options.problem("", error.what());
    } catch (...) {
      if (!options.wrong()) options.problem("", "failed for an unknown reason");
    }
    return nullptr;
  }

  static void destroy(void* instance) noexcept { delete static_cast<Instance*>(instance); }

  static int decide(void* raw, bascule_step* step, const bascule_input* input) noexcept {
    return guarded(raw, step,
                   [&](Policy& policy, Step& cpp_step) { policy.decide(cpp_step, Input(*input)); });
  }

  static int ask(void* raw, bascule_step* step, bascule_bytes what, bascule_bytes about) noexcept {
    return guarded(raw, step, [&](auto& policy, Step& cpp_step) {
      if constexpr (Asked<Policy>::value) policy.ask(cpp_step, view(what), view(about));
    });
  }

 private:
  // An older host tries it three times.
  static void give_up(const bascule_host& host, bascule_step* step, bascule_bytes reason) noexcept {
    const bool known = host.size >= offsetof(bascule_host, quarantine) + sizeof host.quarantine;
    known ? host.quarantine(step, reason) : host.fail(step, reason);
  }

  template <class Work>
  static int guarded(void* raw, bascule_step* step, const Work& work) noexcept {
    auto& instance = *static_cast<Instance*>(raw);
    try {
      Step cpp_step(instance.host, step);
      work(instance.policy, cpp_step);
      return 0;
    } catch (const Quarantine& reason) {
      give_up(instance.host, step, bytes(reason.what()));
    } catch (const std::exception& error) {
      instance.host.fail(step, bytes(error.what()));
    } catch (...) {
      instance.host.fail(step, bytes("an exception of an unknown type"));
    }
    return 1;
  }
};

}  // namespace bascule::plugin

#define BASCULE_POLICY(Class, type, version, summary)                                        \
  extern "C" BASCULE_EXPORT const bascule_policy* bascule_policy_plugin(uint32_t host_abi) { \
    using Glue = bascule::plugin::Glue<Class>;                                               \
    static const bascule_policy policy = {                                                   \
        sizeof(bascule_policy),                                                              \
        BASCULE_POLICY_ABI,                                                                  \
        type,                                                                                \
        version,                                                                             \
        summary,                                                                             \
        &Glue::create,                                                                       \
        &Glue::destroy,                                                                      \
        &Glue::decide,                                                                       \
        bascule::plugin::Asked<Class>::value ? &Glue::ask : nullptr};                        \
    return host_abi >= BASCULE_POLICY_ABI ? &policy : nullptr;                               \
  }
