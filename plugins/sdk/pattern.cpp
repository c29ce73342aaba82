#include "sdk/pattern.hpp"

#include <algorithm>

namespace bascule::sdk {

namespace {

std::vector<std::string_view> split(std::string_view topic) {
  std::vector<std::string_view> levels;
  levels.reserve(8);
  for (std::size_t at = 0;;) {
    const auto slash = topic.find('/', at);
    levels.push_back(topic.substr(at, slash - at));
    if (slash == std::string_view::npos) return levels;
    at = slash + 1;
  }
}

}  // namespace

Pattern::Pattern(std::string_view text) {
  if (text.empty()) throw std::invalid_argument("must not be empty");
  for (const auto level : split(text)) {
    if (!levels_.empty() && levels_.back().kind == Level::Kind::rest) {
      throw std::invalid_argument("has a level after the remainder");
    }
    if (level == "+") {
      levels_.push_back({Level::Kind::one, ""});
    } else if (level == "#") {
      levels_.push_back({Level::Kind::rest, ""});
    } else if (level.size() > 2 && level.front() == '{' && level.back() == '}') {
      auto name = level.substr(1, level.size() - 2);
      const bool rest = name.ends_with("...");
      if (rest) name.remove_suffix(3);
      if (name.empty() || name.find_first_of("{}+#.") != name.npos) {
        throw std::invalid_argument("has a level without a good name: " + std::string(level));
      }
      if (names(name)) throw std::invalid_argument("has " + std::string(level) + " twice");
      levels_.push_back({rest ? Level::Kind::rest : Level::Kind::one, std::string(name)});
      names_.emplace_back(name);
    } else if (level.find_first_of("{}+#") != std::string_view::npos) {
      throw std::invalid_argument("has a level that is neither text nor {name}: " +
                                  std::string(level));
    } else {
      levels_.push_back({Level::Kind::literal, std::string(level)});
    }
  }
}

bool Pattern::names(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

bool Pattern::all_named() const {
  return std::all_of(levels_.begin(), levels_.end(), [](const Level& level) {
    return level.kind == Level::Kind::literal ||
           (level.kind == Level::Kind::one && !level.text.empty());
  });
}

std::string Pattern::filter(const Captures& values) const {
  std::string text;
  for (const auto& level : levels_) {
    if (&level != &levels_.front()) text += '/';
    const auto value = values.find(level.text);
    if (level.kind == Level::Kind::literal) {
      text += level.text;
    } else if (level.kind == Level::Kind::rest) {
      text += '#';
    } else {
      text += value == values.end() || level.text.empty() ? "+" : value->second;
    }
  }
  return text;
}

std::optional<Captures> Pattern::match(std::string_view topic) const {
  Captures captures;
  const auto topic_levels = split(topic);
  std::size_t i = 0;
  for (const auto& level : levels_) {
    if (level.kind == Level::Kind::rest) {
      if (i > topic_levels.size()) return std::nullopt;
      if (!level.text.empty()) {
        if (i == topic_levels.size()) return std::nullopt;
        captures[level.text] = std::string(topic_levels[i].data(), topic.data() + topic.size());
      }
      return captures;
    }
    if (i == topic_levels.size()) return std::nullopt;
    if (level.kind == Level::Kind::literal && level.text != topic_levels[i]) return std::nullopt;
    if (level.kind == Level::Kind::one && !level.text.empty()) {
      captures[level.text] = topic_levels[i];
    }
    ++i;
  }
  if (i != topic_levels.size()) return std::nullopt;
  return captures;
}

}  // namespace bascule::sdk
