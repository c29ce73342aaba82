#include "oversell/options/pattern.hpp"

#include <algorithm>
#include <stdexcept>

namespace bascule::oversell {

namespace {

// Takes the first level off.
std::string_view next_level(std::string_view& rest, bool& more) {
  const auto slash = rest.find('/');
  const auto level = rest.substr(0, slash);
  more = slash != std::string_view::npos;
  rest = more ? rest.substr(slash + 1) : std::string_view();
  return level;
}

}  // namespace

Pattern::Pattern(std::string_view text) {
  if (text.empty()) throw std::invalid_argument("must not be empty");
  for (bool more = true; more;) {
    const auto level = next_level(text, more);
    if (level.size() > 2 && level.front() == '{' && level.back() == '}') {
      const std::string name(level.substr(1, level.size() - 2));
      if (name.find_first_of("{}+#.") != std::string::npos) {
        throw std::invalid_argument("takes {name} for one level only: {" + name + "}");
      }
      if (names(name)) throw std::invalid_argument("has {" + name + "} twice");
      levels_.push_back({true, name});
      names_.push_back(name);
    } else if (level.find_first_of("{}+#") != std::string_view::npos) {
      throw std::invalid_argument("has a level that is neither text nor {name}: " +
                                  std::string(level));
    } else {
      levels_.push_back({false, std::string(level)});
    }
  }
}

bool Pattern::names(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

std::optional<Captures> Pattern::match(std::string_view topic) const {
  Captures captures;
  bool more = true;
  for (const auto& level : levels_) {
    if (!more) return std::nullopt;
    const auto here = next_level(topic, more);
    if (!level.named && here != level.text) return std::nullopt;
    if (level.named) captures.emplace(level.text, here);
  }
  if (more) return std::nullopt;
  return captures;
}

std::string Pattern::fill(const Captures& values) const {
  std::string topic;
  for (const auto& level : levels_) {
    if (&level != &levels_.front()) topic += '/';
    if (!level.named) {
      topic += level.text;
      continue;
    }
    const auto found = values.find(level.text);
    if (found == values.end()) throw std::invalid_argument("has no value for {" + level.text + "}");
    topic += found->second;
  }
  return topic;
}

}  // namespace bascule::oversell
