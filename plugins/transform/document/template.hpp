// A JSON value in which texts, and names of members, may have placeholders: {payload} is the
// document, {/pointer} a part of it, {name} a field or a capture (context.hpp); {{ and }} are
// braces. A text that is one placeholder becomes the value itself, with its type; within a longer
// text a value is written into it. Immutable; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transform/document/context.hpp"
#include "transform/document/pointer.hpp"

namespace bascule::transform {

class Template {
 public:
  // `captures`: the names that there are besides the fields. Throws std::invalid_argument with what
  // is wrong: "names {device}, which is no capture of from".
  Template(const Json& json, const std::vector<std::string>& captures);

  // Nothing, and `why` says what the document lacks.
  std::optional<Json> fill(const Context& context, const Json& document, std::string& why) const;

  // Whether it has placeholders of the document.
  bool asks_document() const;

 private:
  struct Part {
    enum class Kind { literal, member, field } kind;
    std::string text;  // the literal, or the name
    Pointer pointer;
  };
  using Text = std::vector<Part>;
  struct Node {
    enum class Kind { literal, text, list, object } kind = Kind::literal;
    Json literal{};
    Text text{};                // of a text
    std::vector<Node> items{};  // of a list, and the members of an object
    std::vector<Text> names{};  // of the members
  };
  struct Filling;

  static Text read_text(const std::string& text, const std::vector<std::string>& captures);
  static Node read(const Json& json, const std::vector<std::string>& captures);
  static bool asks_document(const Text& text);
  static bool asks_document(const Node& node);

  Node root_;
};

}  // namespace bascule::transform
