// Messages that wait to leave together, as texts of JSON. A batch has a key: what may be in one
// array has the same.
//
// Keys: batch/{key}, the batch as an object; item/{id}/{number} with 12 and 6 digits, a message of
// it; batches, how many are open, and the id that the last one got. The wake of a batch is named
// flush/{key}.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/policy.hpp"
#include "transform/document/context.hpp"
#include "transform/state/moment.hpp"

namespace bascule::transform {

struct BatchSettings {
  std::uint64_t count = 100;        // of messages
  std::uint64_t bytes = 64 * 1024;  // of the array
  std::int64_t after_ms = 10'000;   // since the first message of it

  static constexpr std::uint64_t count_max = 10'000, bytes_max = 4 << 20;
};

struct Batch {
  std::uint64_t id = 0;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;  // of the messages
  int qos = 0;              // the highest of its messages
  plugin::Direction direction = plugin::Direction::up;
  std::string topic;  // where it goes
  Moment begun;
  std::int64_t due_wall_ms = 0;
  Context first;  // of its first message
};

class Batches {
 public:
  explicit Batches(plugin::Step& host) : host_(host) {}

  // Where messages to this topic gather, in batches of their own for each `group`.
  static std::string key_of(plugin::Direction direction, std::string_view topic,
                            std::string_view group);
  static constexpr std::size_t key_bytes_max = 950;

  std::optional<Batch> find(std::string_view key) const;
  // Nothing: as many as `open_max` are open.
  std::optional<Batch> open(std::string_view key, Batch batch, std::uint64_t open_max);
  void add(std::string_view key, Batch& batch, std::string_view text);
  // Calls each(array, count) for its messages, as few arrays as the settings allow, and ends it.
  using Each = std::function<void(std::string array, std::uint64_t count)>;
  void close(std::string_view key, const Batch& batch, const BatchSettings& settings,
             const Each& each);

 private:
  void put(std::string_view key, const Batch& batch);

  plugin::Step& host_;
};

constexpr std::string_view flush_wake = "flush/";

}  // namespace bascule::transform
