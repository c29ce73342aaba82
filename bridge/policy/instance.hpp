// One instance of a policy type, made from its options. It may be made on one thread and used on
// another, by one at a time.
#pragma once

#include <bascule/policy.h>

#include <memory>
#include <string>
#include <vector>

#include "policy/settings.hpp"

namespace bascule {

// What a plugin says against its options.
struct OptionProblem {
  std::string pointer;  // RFC 6901
  std::string text;     // continues a sentence that begins with the key

  // "options" or "options.fields.0": what that sentence begins with.
  std::string path() const;
};

class Instance {
 public:
  // Nothing, with at least one problem, if the plugin refuses the options.
  static std::unique_ptr<Instance> make(const bascule_policy& type, const PolicySettings& settings,
                                        const std::string& bridge_id,
                                        std::vector<OptionProblem>& problems);
  ~Instance() { type_.destroy(made_); }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const bascule_policy& type() const { return type_; }
  int decide(bascule_step* step, const bascule_input& input) {
    return type_.decide(made_, step, &input);
  }

 private:
  Instance(const bascule_policy& type, void* made) : type_(type), made_(made) {}
  const bascule_policy& type_;
  void* made_;
};

}  // namespace bascule
