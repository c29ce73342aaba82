// The steps that `options.steps` names. Each reads its options, reports what is wrong with them,
// and is immutable then. README.md says what each does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sdk/option_reader.hpp"
#include "transform/document/pointer.hpp"
#include "transform/document/template.hpp"
#include "transform/state/topic_memory.hpp"

namespace bascule::transform {

struct Outcome {
  enum class Kind { on, dropped, unfit } kind = Kind::on;
  std::string why{};  // for people, of this message

  static Outcome dropped(std::string why) { return {Kind::dropped, std::move(why)}; }
  static Outcome unfit(std::string why) { return {Kind::unfit, std::move(why)}; }
};

class Step {
 public:
  virtual ~Step() = default;
  // Changes the document; what the topic remembers is noted in `memory`.
  virtual Outcome run(Json& document, const Context& context, TopicMemory& memory) const = 0;
  // Whether it stands on what came before on the topic.
  virtual bool remembers() const { return false; }
};

using Names = std::vector<std::string>;

// The step of this kind; `item` is its place in the list, and has the option `kind`. Null if there
// is no such kind.
std::unique_ptr<Step> make_step(const std::string& kind, sdk::OptionReader& item,
                                const Names& captures);
// "envelope, pick, …"
std::string step_kinds();

// The document becomes the template, filled.
class Envelope : public Step {
 public:
  Envelope(sdk::OptionReader& item, const Names& captures);
  Outcome run(Json& document, const Context& context, TopicMemory& memory) const override;

 private:
  std::optional<Template> template_;
};

// Members are set to filled templates, all of them from the document as it was.
class Set : public Step {
 public:
  Set(sdk::OptionReader& item, const Names& captures);
  Outcome run(Json& document, const Context& context, TopicMemory& memory) const override;

 private:
  std::vector<std::pair<Pointer, Template>> members_;
};

// Only some members stay; or one value is all.
class Pick : public Step {
 public:
  explicit Pick(sdk::OptionReader& item);
  Outcome run(Json& document, const Context& context, TopicMemory& memory) const override;

 private:
  bool alone_ = false;
  std::vector<Pointer> members_;
};

class Rename : public Step {
 public:
  explicit Rename(sdk::OptionReader& item);
  Outcome run(Json& document, const Context& context, TopicMemory& memory) const override;

 private:
  std::vector<std::pair<Pointer, Pointer>> members_;
};

// value * by + offset, rounded.
class Scale : public Step {
 public:
  explicit Scale(sdk::OptionReader& item);
  Outcome run(Json& document, const Context& context, TopicMemory& memory) const override;

 private:
  Pointer at_;
  double by_ = 1, offset_ = 0;
  std::optional<int> decimals_;
};

// All that it says of a value must hold.
class Drop : public Step {
 public:
  explicit Drop(sdk::OptionReader& item);
  Outcome run(Json& document, const Context& context, TopicMemory& memory) const override;

 private:
  Pointer at_;
  std::optional<Json> is_, is_not_;
  std::optional<double> above_, below_;
  bool missing_ = false;
};

// What differs by no more than so much from what last passed on the topic is dropped.
class Deadband : public Step {
 public:
  explicit Deadband(sdk::OptionReader& item);
  Outcome run(Json& document, const Context& context, TopicMemory& memory) const override;
  bool remembers() const override { return true; }

 private:
  std::string name_;  // in the memory
  Pointer at_;
  double within_ = 0;
  std::int64_t or_after_ms_ = 0;  // 0: never for that alone
};

// One message of a topic in so long.
class Every : public Step {
 public:
  explicit Every(sdk::OptionReader& item);
  Outcome run(Json& document, const Context& context, TopicMemory& memory) const override;
  bool remembers() const override { return true; }

 private:
  std::string name_;
  std::int64_t period_ms_ = 0;
};

// An option that is a JSON pointer; "" if it is not there.
Pointer pointer_option(sdk::OptionReader& reader, const std::string& name);

// The longest time that a step takes.
constexpr std::int64_t time_max_ms = 365LL * 86'400'000;

}  // namespace bascule::transform
