// The two small languages of a routing rule.
//
// A pattern (`from`, `exclude`) is an MQTT filter in which {name} stands for one level and
// {name...} for the remainder: like # it is last, and takes the parent topic too. Both stand alone
// in their level, and names are unique: [A-Za-z_][A-Za-z0-9_]*. A template (`to`) is a topic in
// which they stand for what they captured, also within a level ("till-{till}"); empty, it is the
// topic itself. {bridge.id} stands for the id of the bridge in both. Where a remainder of no levels
// fills a level of a template, that level goes, with its slash.
//
// What takes a bad pattern or template throws std::invalid_argument, with what is wrong as text.
// Pure functions and immutable values; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bascule {

// The filter that matches what the pattern matches: captures become + and #.
std::string to_filter(std::string_view pattern, std::string_view bridge_id);

// What is wrong with a pattern, or a template over the pattern `from`, in one phrase; empty if
// nothing.
std::string pattern_error(std::string_view pattern);
std::string template_error(std::string_view to, std::string_view from);

class Template {
 public:
  Template(std::string_view to, std::string_view from, std::string_view bridge_id);

  // Writes the target of a topic that `from` matches over `out`.
  void render(std::string_view topic, std::string& out) const;

  // A filter that matches all targets.
  const std::string& filter() const { return filter_; }

  // Whether all targets are under $ because the template says so.
  bool names_system() const { return filter_.starts_with('$'); }

  // Whether the target is the topic itself.
  bool same_topic() const { return pieces_.empty(); }

 private:
  // A literal text, or a capture that begins at `level` of the topic, between two texts. An empty
  // remainder takes the texts beside it along.
  struct Piece {
    enum class Kind { text, level, remainder } kind;
    std::size_t level;
    std::string before;
    std::string after;
  };

  std::vector<Piece> pieces_;
  std::string filter_;
};

}  // namespace bascule
