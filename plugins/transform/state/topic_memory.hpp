// What the steps of one topic remember: when a message last passed each of them, and its value.
// What a step notes counts only once the message has passed all of them: keep().
//
// Keys: topic/{direction}/{topic}, an object by step; topics, how many there are, and where the
// last look for one to forget ended.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "bascule/policy.hpp"
#include "transform/state/moment.hpp"

namespace bascule::transform {

class TopicMemory {
 public:
  struct Passed {
    Moment at;
    double value = 0;
  };

  TopicMemory(plugin::Step& host, const plugin::Input& input);

  // Whether the topic is short enough for a key.
  bool fits() const { return key_.size() <= key_bytes_max; }
  const Moment& now() const { return now_; }

  // `step` names the step together with its options: after a change of them it begins anew.
  std::optional<Passed> last(const std::string& step);
  void note(const std::string& step, double value);

  // Keeps what was noted, and forgets topics where there are more than `topics_max`; gives how
  // many.
  std::uint64_t keep(std::uint64_t topics_max);
  // This topic alone.
  void forget();

 private:
  static constexpr std::size_t key_bytes_max = 1'000;
  void load();
  std::uint64_t make_room(std::uint64_t topics_max);

  plugin::Step& host_;
  std::string key_;
  Moment now_;
  bool loaded_ = false, known_ = false;
  std::map<std::string, Passed> steps_, noted_;
};

}  // namespace bascule::transform
