// A Section reads one map of the file: it hands out typed values, remembers which keys were asked
// for, and collects what is wrong at its position, so that one pass finds everything.
//
//   Section link = root.section("site");
//   link.need("url", settings.url, broker_url);
//   link.read("keep_alive", settings.keep_alive, duration(1s, 18h));
//   link.finish();  // keys that nobody asked for
//
// A reader is any function from the text to a value that throws std::invalid_argument; what it
// throws continues a sentence that begins with the key. Where a key is absent or wrong, the
// setting keeps the value that it has: its default.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/yaml.hpp"

namespace bascule {

// Thrown by a reader: the text is right, but the file that it names is not there, or of no use.
struct FileUnusable : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

// The problems of one file.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}
  void add(Position at, std::string text);
  void add_about_file(Position at, std::string text);
  void warn(Position at, std::string text);
  std::size_t count() const { return problems_.size(); }
  // Both in file order.
  void throw_if_any(NamedFiles files = NamedFiles::needed);
  std::vector<Problem> warnings();

 private:
  std::string file_;
  std::vector<Problem> problems_;
  std::vector<Problem> warnings_;
};

class Section {
 public:
  // `name` stands in texts: "site", or a route. A node that is no map is a problem; a null one is
  // an empty map. The node and the problems outlive the section.
  Section(std::string name, const YamlNode& node, Position at, Problems& problems);

  // A map in this one; empty where the key is absent.
  Section section(std::string_view key);

  // The map at `key`, as it is; nothing where there is none.
  const YamlNode* map(std::string_view key);

  // The maps in the list `key`. Each is named `each` in texts.
  std::vector<Section> sections(std::string_view key, const std::string& each);

  // Sets `into` if the key is there; returns whether it did.
  template <class T, class Reader>
  bool read(std::string_view key, T& into, const Reader& reader) {
    const YamlNode* node = text(key);
    return node != nullptr && convert(key, *node, into, reader);
  }

  // As read(), but the key must be there: finish() complains, unless another one was meant by it.
  template <class T, class Reader>
  bool need(std::string_view key, T& into, const Reader& reader) {
    if (read(key, into, reader)) return true;
    if (node_ != nullptr && !has(key)) missing_.emplace_back(key);
    return false;
  }

  // As read(), for a list of texts.
  template <class Reader>
  void read_list(std::string_view key, std::vector<std::string>& into, const Reader& reader) {
    for (const YamlNode* node : texts(key)) {
      std::string value;
      if (convert(key, *node, value, reader)) into.push_back(value);
    }
  }

  // Likewise, where one text alone may stand in the place of a list.
  template <class Reader>
  void read_some(std::string_view key, std::vector<std::string>& into, const Reader& reader) {
    if (is_list(key)) return read_list(key, into, reader);
    std::string value;
    if (read(key, value, reader)) into = {value};
  }

  // The key is known, but must not be there: `why` stands at it.
  void refuse(std::string_view key, const std::string& why);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  bool is_empty_list(std::string_view key) const;
  bool is_list(std::string_view key) const;
  bool is_text(std::string_view key) const;         // a single value, no list and no map
  bool is_map() const { return node_ != nullptr; }  // false: that it is none has been said
  std::vector<std::string> keys() const;
  Position at() const { return at_; }
  Position at(std::string_view key) const;  // of the key's value, or of the section without it

  void complain(std::string text) { problems_->add(at_, std::move(text)); }
  void complain(std::string_view key, std::string text) {
    problems_->add(at(key), std::move(text));
  }

  void warn(std::string_view key, std::string text) { problems_->warn(at(key), std::move(text)); }

  void finish();

 private:
  const YamlEntry* find(std::string_view key) const;
  const YamlEntry* ask(std::string_view key);
  const YamlNode* text(std::string_view key);
  std::vector<const YamlNode*> texts(std::string_view key);
  bool check_text(std::string_view key, const YamlEntry& entry);

  template <class T, class Reader>
  bool convert(std::string_view key, const YamlNode& node, T& into, const Reader& reader) {
    try {
      into = static_cast<T>(reader(node.text));
      return true;
    } catch (const FileUnusable& wrong) {
      problems_->add_about_file(node.at, '"' + std::string(key) + "\" " + wrong.what());
      return false;
    } catch (const std::invalid_argument& wrong) {
      problems_->add(node.at, '"' + std::string(key) + "\" " + wrong.what());
      return false;
    }
  }

  std::string name_;
  std::string path_;      // before the keys of sections in this one: "site."
  const YamlNode* node_;  // nothing where no map could be read: then nothing is missing in it
  Position at_;
  Problems* problems_;
  std::vector<std::string> asked_;
  std::vector<std::string> refused_;
  std::vector<std::string> missing_;
};

}  // namespace bascule
