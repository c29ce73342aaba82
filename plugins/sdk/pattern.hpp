// Topic patterns as in routes: {name} is one level, {name...} the remainder, + and # match without
// a name. Matched against topics, and filled to make them. Immutable; any thread.
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::sdk {

using Captures = std::map<std::string, std::string, std::less<>>;

class Pattern {
 public:
  Pattern() = default;
  // Throws std::invalid_argument with what is wrong: "must not be empty".
  explicit Pattern(std::string_view text);

  bool empty() const { return levels_.empty(); }
  const std::vector<std::string>& names() const { return names_; }
  bool names(std::string_view name) const;
  // Each level is a text, or has a name; so the topic has no remainder and no wildcard.
  bool all_named() const;

  // The MQTT filter that matches what this matches, where the names that `values` has are those.
  std::string filter(const Captures& values = {}) const;

  std::optional<Captures> match(std::string_view topic) const;
  // The topic with what `value_of` gives for each name, an optional string; throws
  // std::invalid_argument for a name that has none.
  template <class ValueOf>
  std::string fill(const ValueOf& value_of) const {
    std::string topic;
    topic.reserve(64);
    for (const auto& level : levels_) {
      if (&level != &levels_.front()) topic += '/';
      if (level.kind == Level::Kind::literal) {
        topic += level.text;
      } else if (const auto value = value_of(level.text)) {
        topic += *value;
      } else {
        throw std::invalid_argument("has no value for {" + level.text + "}");
      }
    }
    return topic;
  }
  std::string fill(const Captures& values) const {
    return fill([&](std::string_view name) {
      const auto found = values.find(name);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    });
  }

 private:
  struct Level {
    enum class Kind { literal, one, rest } kind;
    std::string text;  // the literal, or the name ("" for + and #)
  };
  std::vector<Level> levels_;
  std::vector<std::string> names_;
};

}  // namespace bascule::sdk
