// Topic patterns: {name} stands for one level. Matched against topics, and filled to make them.
// Immutable.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::oversell {

using Captures = std::map<std::string, std::string, std::less<>>;

class Pattern {
 public:
  Pattern() = default;
  // Throws std::invalid_argument with what is wrong: "must not be empty".
  explicit Pattern(std::string_view text);

  bool names(std::string_view name) const;
  const std::vector<std::string>& names() const { return names_; }

  std::optional<Captures> match(std::string_view topic) const;
  // Throws std::invalid_argument for a name without a value.
  std::string fill(const Captures& values) const;

 private:
  struct Level {
    bool named;
    std::string text;  // the name, or the level itself
  };
  std::vector<Level> levels_;
  std::vector<std::string> names_;
};

}  // namespace bascule::oversell
