// One instance of a policy type, made from its options. It may be made on one thread and used on
// another, by one at a time.
#pragma once

#include <bascule/policy.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "message/direction.hpp"
#include "policy/settings.hpp"

namespace bascule {

// What a plugin says against its options.
struct OptionProblem {
  std::string pointer;  // RFC 6901
  std::string text;     // continues a sentence that begins with the key

  // "options" or "options.fields.1": what that sentence begins with; places of a list count from 1.
  // `options`: the JSON that it is about.
  std::string path(const std::string& options) const;
};

// A topic that a plugin says it takes or sends, by its options (bascule_topic).
struct PolicyTopic {
  enum class Kind : std::uint8_t { takes, sends } kind = Kind::takes;
  Direction direction = Direction::up;
  bool needed = false;   // takes: it can do nothing without; sends: none may be lost or overtaken
  OptionProblem option;  // what names it, without a text
  std::string filter;
  std::string lane;  // sends; empty: the policy's
};

class Instance {
 public:
  // Nothing, with at least one problem, if the plugin refuses the options. `topics`, if given:
  // those that it names.
  static std::unique_ptr<Instance> make(const bascule_policy& type, const PolicySettings& settings,
                                        const std::string& bridge_id,
                                        std::vector<OptionProblem>& problems,
                                        std::vector<PolicyTopic>* topics = nullptr);
  ~Instance() { type_.destroy(made_); }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const bascule_policy& type() const { return type_; }
  int decide(bascule_step* step, const bascule_input& input) {
    return type_.decide(made_, step, &input);
  }
  // Whether it answers questions, of people: ask().
  bool answers() const {
    return type_.size >= offsetof(bascule_policy, ask) + sizeof type_.ask && type_.ask != nullptr;
  }
  int ask(bascule_step* step, bascule_bytes what, bascule_bytes about) {
    return type_.ask(made_, step, what, about);
  }

 private:
  Instance(const bascule_policy& type, void* made) : type_(type), made_(made) {}
  const bascule_policy& type_;
  void* made_;
};

}  // namespace bascule
