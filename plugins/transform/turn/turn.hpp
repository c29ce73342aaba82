// One input: a message goes through the steps, or a time has come at which a batch leaves, or a
// report is made.
#pragma once

#include <string>
#include <string_view>

#include "bascule/policy.hpp"
#include "transform/options/options.hpp"
#include "transform/state/counts.hpp"

namespace bascule::transform {

class Turn {
 public:
  Turn(const Options& options, plugin::Step& host, const plugin::Input& input);

  void run();

 private:
  void message();
  void woken();
  void unfit(const std::string& where, const std::string& why);
  void dropped(const std::string& where, const std::string& why);
  void remember(TopicMemory& memory);
  // Where a message goes; empty, and it was unfit.
  std::string target(const Context& context);
  void send(const std::string& topic, std::string payload);
  // False, and it was unfit.
  bool gather(const std::string& topic, const std::string& text, const Context& context);
  void flush(std::string_view key, const Batch& batch);
  // An array, after the envelopes.
  void send_array(const Batch& batch, std::string array, std::uint64_t count);
  void report();
  plugin::Output output_as_input() const;
  plugin::Direction direction() const { return options_.towards.value_or(input_.direction()); }

  const Options& options_;
  plugin::Step& host_;
  const plugin::Input& input_;
  Counts counts_;
};

// The answer to a person's question: `counts`.
void answer(plugin::Step& host, std::string_view what);

}  // namespace bascule::transform
