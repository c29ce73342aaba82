#include "route/pattern.hpp"

#include <algorithm>
#include <stdexcept>

#include "message/topic.hpp"
#include "text/wording.hpp"

namespace bascule {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::invalid_argument(what); }

// Literal text, or a capture as written: {name} or {name...}.
struct Part {
  std::string text;
  bool capture = false;

  bool remainder() const { return capture && text.ends_with("...}"); }
};

bool valid_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c); });
}

// Splits into literal texts, {bridge.id} among them, and captures; no two texts are neighbours.
std::vector<Part> parse(std::string_view text, std::string_view bridge_id) {
  std::vector<Part> parts;
  const auto literal = [&parts](std::string_view more) {
    if (more.empty()) return;
    if (parts.empty() || parts.back().capture) parts.emplace_back();
    parts.back().text += more;
  };
  while (!text.empty()) {
    const auto brace = std::min(text.find_first_of("{}"), text.size());
    literal(text.substr(0, brace));
    text.remove_prefix(brace);
    if (text.empty()) break;

    const auto close = text.find('}');
    if (text[0] == '}' || close == text.npos) fail("there is a brace without its pair");
    const auto capture = text.substr(0, close + 1);
    text.remove_prefix(close + 1);
    if (capture == "{bridge.id}") {
      literal(bridge_id);
      continue;
    }
    auto name = capture.substr(1, capture.size() - 2);
    if (name.ends_with("...")) name.remove_suffix(3);
    if (!valid_name(name)) {
      fail(single_quoted(capture) + " is no capture: write {name}, {name...} or {bridge.id}");
    }
    parts.push_back({std::string(capture), true});
  }
  return parts;
}

// A capture, and the level of the topic at which it begins.
struct Capture {
  std::string text;
  std::size_t level;

  std::string_view name() const {
    const std::string_view all = text;
    return all.substr(1, all.find_first_of(".}") - 1);
  }
};

struct Pattern {
  std::string filter;
  std::vector<Capture> captures;
};

// Adds one level of a pattern.
void add_level(Pattern& pattern, std::string_view level, std::size_t index,
               std::string_view bridge_id) {
  for (const auto& part : parse(level, bridge_id)) {
    if (!part.capture) {
      pattern.filter += part.text;
      continue;
    }
    if (part.text != level) fail(single_quoted(part.text) + " must stand alone in its level");
    const Capture capture{part.text, index};
    for (const auto& other : pattern.captures) {
      if (other.name() == capture.name()) fail(single_quoted(part.text) + " is captured twice");
    }
    pattern.captures.push_back(capture);
    pattern.filter += part.remainder() ? "#" : "+";
  }
}

Pattern parse_pattern(std::string_view text, std::string_view bridge_id) {
  if (text.starts_with("$share/")) fail("a shared subscription cannot be routed");
  Pattern pattern;
  for (std::size_t index = 0;; ++index) {
    const auto level = text.substr(0, text.find('/'));
    add_level(pattern, level, index, bridge_id);
    if (level.size() == text.size()) break;
    if (level.ends_with("...}")) fail(single_quoted(level) + " must be the last level");
    pattern.filter += '/';
    text.remove_prefix(level.size() + 1);
  }
  std::string why;
  if (!valid_filter(pattern.filter, &why)) fail(why);
  return pattern;
}

const Capture& find_capture(const Pattern& pattern, const std::string& text) {
  std::string known;
  for (const auto& capture : pattern.captures) {
    if (capture.text == text) return capture;
    known += (known.empty() ? "" : ", ") + capture.text;
  }
  fail(single_quoted(text) + " is not captured by 'from', which has " +
       (known.empty() ? "no captures" : known));
}

// Where level `index` of the topic begins, or npos if it has fewer levels.
std::size_t level_begin(std::string_view topic, std::size_t index) {
  std::size_t begin = 0;
  for (; index > 0; --index) {
    const auto slash = topic.find('/', begin);
    if (slash == topic.npos) return topic.npos;
    begin = slash + 1;
  }
  return begin;
}

// The filter over a template in which captures are written as + and # wherever they stand.
std::string widen(std::string_view marked) {
  std::string filter;
  for (;;) {
    const auto level = marked.substr(0, marked.find('/'));
    if (level.find('#') != level.npos) return filter + '#';
    if (level.find('+') != level.npos) {
      filter += '+';
    } else {
      filter += level;
    }
    if (level.size() == marked.size()) return filter;
    filter += '/';
    marked.remove_prefix(level.size() + 1);
  }
}

template <typename Check>
std::string error_of(Check check) {
  try {
    check();
    return {};
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

}  // namespace

std::string to_filter(std::string_view pattern, std::string_view bridge_id) {
  return parse_pattern(pattern, bridge_id).filter;
}

std::string pattern_error(std::string_view pattern) {
  return error_of([&] { parse_pattern(pattern, "id"); });
}

std::string template_error(std::string_view to, std::string_view from) {
  return error_of([&] { Template(to, from, "id"); });
}

Template::Template(std::string_view to, std::string_view from, std::string_view bridge_id) {
  const auto pattern = parse_pattern(from, bridge_id);
  auto parts = parse(to, bridge_id);
  std::string marked;
  for (const auto& part : parts) {
    std::string why;
    if (!part.capture && !valid_topic(part.text, &why)) fail(why);
    marked += !part.capture ? part.text : part.remainder() ? "#" : "+";
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].capture) {
      pieces_.push_back({Piece::Kind::text, 0, parts[i].text, {}});
      continue;
    }
    const auto level = find_capture(pattern, parts[i].text).level;
    pieces_.push_back({Piece::Kind::level, level, {}, {}});
    if (parts[i].remainder()) {
      pieces_.back().kind = Piece::Kind::remainder;
      const bool first = i == 0;
      const bool last = i + 1 == parts.size();
      const bool fills_level = (first || parts[i - 1].text.ends_with('/')) &&
                               (last || parts[i + 1].text.starts_with('/'));
      if (fills_level && !first) {
        pieces_[i - 1].before.pop_back();
        pieces_[i].before = "/";
      } else if (fills_level && !last) {
        parts[i + 1].text.erase(0, 1);
        pieces_[i].after = "/";
      }
    }
  }
  filter_ = to.empty() ? pattern.filter : widen(marked);
  if (to == from) pieces_.clear();
}

void Template::render(std::string_view topic, std::string& out) const {
  if (same_topic()) {
    out = topic;
    return;
  }
  out.clear();
  for (const auto& piece : pieces_) {
    std::string_view captured;
    if (piece.kind != Piece::Kind::text) {
      const auto begin = level_begin(topic, piece.level);
      if (begin == topic.npos) continue;
      captured = topic.substr(begin);
      if (piece.kind == Piece::Kind::level) captured = captured.substr(0, captured.find('/'));
    }
    out.append(piece.before).append(captured).append(piece.after);
  }
}

}  // namespace bascule
