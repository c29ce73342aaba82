#include "transform/document/template.hpp"

#include <algorithm>
#include <stdexcept>

namespace bascule::transform {

namespace {

std::string among(const std::vector<std::string>& captures) {
  std::string text;
  for (const auto& name : captures) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "; `from` has no captures" : "; `from` has " + text;
}

}  // namespace

Template::Template(const Json& json, const std::vector<std::string>& captures)
    : root_(read(json, captures)) {}

Template::Text Template::read_text(const std::string& text,
                                   const std::vector<std::string>& captures) {
  Text parts;
  std::string literal;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '{' && c != '}') {
      literal += c;
    } else if (i + 1 < text.size() && text[i + 1] == c) {
      literal += text[++i];
    } else {
      const auto end = text.find('}', i);
      if (c == '}' || end == std::string::npos) {
        throw std::invalid_argument("has a brace by itself, which is written {{ or }}: " + text);
      }
      const auto name = text.substr(i + 1, end - i - 1);
      if (!literal.empty()) parts.push_back({Part::Kind::literal, std::move(literal), {}});
      literal.clear();
      if (name == "payload" || name.starts_with('/')) {
        parts.push_back({Part::Kind::member, name, Pointer(name == "payload" ? "" : name)});
      } else if (is_field(name) ||
                 std::find(captures.begin(), captures.end(), name) != captures.end()) {
        parts.push_back({Part::Kind::field, name, {}});
      } else {
        throw std::invalid_argument("names {" + name + "}, which nothing has" + among(captures));
      }
      i = end;
    }
  }
  if (!literal.empty()) parts.push_back({Part::Kind::literal, std::move(literal), {}});
  return parts;
}

Template::Node Template::read(const Json& json, const std::vector<std::string>& captures) {
  Node node;
  if (json.is_string()) {
    node.kind = Node::Kind::text;
    node.text = read_text(json.get_ref<const std::string&>(), captures);
  } else if (json.is_array()) {
    node.kind = Node::Kind::list;
    for (const auto& item : json) node.items.push_back(read(item, captures));
  } else if (json.is_object()) {
    if (json.size() == 1 && json.begin().value().is_null()) {
      const std::string braces = "{" + json.begin().key() + "}";
      throw std::invalid_argument("has " + braces +
                                  " without quotes, which is a section in YAML; "
                                  "write \"" +
                                  braces + "\"");
    }
    node.kind = Node::Kind::object;
    for (const auto& [name, value] : json.items()) {
      node.names.push_back(read_text(name, captures));
      node.items.push_back(read(value, captures));
    }
  } else {
    node.literal = json;
  }
  return node;
}

bool Template::asks_document(const Text& text) {
  return std::any_of(text.begin(), text.end(),
                     [](const Part& part) { return part.kind == Part::Kind::member; });
}

bool Template::asks_document(const Node& node) {
  return asks_document(node.text) ||
         std::any_of(node.names.begin(), node.names.end(),
                     [](const Text& name) { return asks_document(name); }) ||
         std::any_of(node.items.begin(), node.items.end(),
                     [](const Node& item) { return asks_document(item); });
}

bool Template::asks_document() const { return asks_document(root_); }

// One filling: false where something is not there, and `why` says what.
struct Template::Filling {
  const Context& context;
  const Json& document;
  std::string& why;

  bool value(const Part& part, Json& into) const {
    if (part.kind == Part::Kind::literal) {
      into = part.text;
      return true;
    }
    if (part.kind == Part::Kind::member) {
      const auto* found = part.pointer.find(document);
      if (found == nullptr) return lacks(part.text);
      into = *found;
      return true;
    }
    auto found = value_of(context, part.text);
    if (!found) return lacks("{" + part.text + "}");
    into = std::move(*found);
    return true;
  }
  bool lacks(const std::string& what) const {
    why = "has no " + what;
    return false;
  }

  bool text(const Text& parts, std::string& into) const {
    for (const auto& part : parts) {
      Json one;
      if (!value(part, one)) return false;
      if (one.is_string()) {
        into += one.get_ref<const std::string&>();
      } else {
        into += one.dump(-1, ' ', false, Json::error_handler_t::replace);
      }
    }
    return true;
  }

  bool node(const Node& from, Json& into) const {
    switch (from.kind) {
      case Node::Kind::literal:
        into = from.literal;
        return true;
      case Node::Kind::text: {
        if (from.text.size() == 1) return value(from.text.front(), into);
        std::string all;
        if (!text(from.text, all)) return false;
        into = std::move(all);
        return true;
      }
      case Node::Kind::list:
        into = Json::array();
        for (const auto& item : from.items) {
          Json one;
          if (!node(item, one)) return false;
          into.push_back(std::move(one));
        }
        return true;
      case Node::Kind::object:
        break;
    }
    into = Json::object();
    for (std::size_t i = 0; i < from.items.size(); ++i) {
      std::string name;
      if (!text(from.names[i], name) || !node(from.items[i], into[name])) return false;
    }
    return true;
  }
};

std::optional<Json> Template::fill(const Context& context, const Json& document,
                                   std::string& why) const {
  Json filled;
  if (!Filling{context, document, why}.node(root_, filled)) return std::nullopt;
  return filled;
}

}  // namespace bascule::transform
