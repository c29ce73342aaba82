#include "config/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>

namespace bascule {
namespace {

Position position(const YAML::Mark& mark) {
  return mark.is_null() ? Position{} : Position{mark.line + 1, mark.column + 1};
}

// Builds the tree from the parser's events. The parser has its own limit on depth.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(const std::string& source) : source_(source) {}

  YamlNode take() { return root_ ? *root_ : YamlNode{}; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) {
      throw YamlError(position(mark),
                      "the settings end above this line; check the indentation, "
                      "and write one document only");
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(YamlNode::Kind::null, mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) throw YamlError(position(mark), "an alias inside its own anchor");
    auto node = std::make_shared<YamlNode>(*found->second);
    node->at = position(mark);
    add(std::move(node), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (tag == "!") check_closed(mark);
    auto node = make(YamlNode::Kind::text, mark);
    node->text = value;
    node->plain = tag != "!";
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back({make(YamlNode::Kind::list, mark), anchor, nullptr});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open_.push_back({make(YamlNode::Kind::map, mark), anchor, nullptr});
  }
  void OnMapEnd() override {
    inherit(*open_.back().node);
    close();
  }

 private:
  using NodePtr = std::shared_ptr<YamlNode>;
  struct Open {
    NodePtr node;
    YAML::anchor_t anchor;
    NodePtr key;  // of a map: read, and waiting for its value
  };

  static NodePtr make(YamlNode::Kind kind, const YAML::Mark& mark) {
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->at = position(mark);
    return node;
  }

  // yaml-cpp takes the rest of the file as the text if the closing quote is missing.
  void check_closed(const YAML::Mark& mark) const {
    const auto start = static_cast<std::size_t>(mark.pos);
    if (start >= source_.size() || (source_[start] != '"' && source_[start] != '\'')) return;
    if (source_.find(source_[start], start + 1) == std::string::npos) {
      throw YamlError(position(mark), "the quote that opens here is not closed");
    }
  }

  void add(NodePtr node, YAML::anchor_t anchor) {
    if (anchor != 0) anchored_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node->kind == YamlNode::Kind::list) {
      parent.node->entries.push_back({"", node->at, node});
    } else if (parent.key) {
      parent.node->entries.push_back({parent.key->text, parent.key->at, std::move(node)});
      parent.key = nullptr;
    } else if (node->kind == YamlNode::Kind::text) {
      parent.key = std::move(node);
    } else {
      throw YamlError(node->at, "a key must be a text; a text that begins with { needs quotes");
    }
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }

  static void inherit(YamlNode& map) {
    const auto has_name = [](std::string_view name) {
      return [name](const YamlEntry& entry) { return entry.key == name; };
    };
    const auto merge = std::find_if(map.entries.begin(), map.entries.end(), has_name("<<"));
    if (merge == map.entries.end() || merge->value->kind != YamlNode::Kind::map) return;
    const std::shared_ptr<const YamlNode> base = merge->value;
    map.entries.erase(merge);
    for (const YamlEntry& entry : base->entries) {
      if (std::none_of(map.entries.begin(), map.entries.end(), has_name(entry.key))) {
        map.entries.push_back(entry);
      }
    }
  }

  const std::string& source_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, NodePtr> anchored_;
  NodePtr root_;
};

// What yaml-cpp says, where people know a better word for it.
std::string explained(const std::string& message, std::string_view line) {
  static const std::map<std::string, std::string> words = {
      {YAML::ErrorMsg::MAP_VALUE,
       "a \":\" is out of place; check the indentation and the line above, "
       "and quote a text that contains \": \""},
      {YAML::ErrorMsg::END_OF_MAP,
       "this continues nothing above; check the indentation, and quote a text that begins with {"},
      {YAML::ErrorMsg::END_OF_MAP_FLOW,
       "a { is not closed; inside braces, quote a text that contains { or }"},
      {YAML::ErrorMsg::END_OF_SEQ_FLOW,
       "a [ is not closed; inside brackets, quote a text that contains { or }"},
      {YAML::ErrorMsg::UNKNOWN_ANCHOR, "this alias has no anchor; quote a text that begins with *"},
      {YAML::ErrorMsg::UNKNOWN_TOKEN, "quote a text that begins with this character"},
  };
  if (line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos) {
    return "a tab cannot indent; use spaces";
  }
  const auto found = words.find(message);
  return found == words.end() ? message : found->second;
}

std::string_view line_of(std::string_view source, int number) {
  for (int i = 1; i < number; ++i) {
    const std::size_t end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  return source.substr(0, source.find('\n'));
}

}  // namespace

YamlNode parse_yaml(const std::string& source) {
  std::istringstream in(source);
  Builder builder(source);
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    const Position at = position(error.mark);
    throw YamlError(at, "not valid YAML: " + explained(error.msg, line_of(source, at.line)));
  }
  return builder.take();
}

}  // namespace bascule
