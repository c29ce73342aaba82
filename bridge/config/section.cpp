#include "config/section.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "text/wording.hpp"

namespace bascule {
namespace {

std::string_view kind_text(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::text:
      return "a single value";
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
  }
  return "";
}

Position value_at(const YamlEntry& entry) {
  return entry.value->kind == YamlNode::Kind::null ? entry.key_at : entry.value->at;
}

void sort(std::vector<Problem>& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
}

const YamlNode nothing;

}  // namespace

void Problems::add(Position at, std::string text) {
  problems_.push_back({file_, at.line, at.column, std::move(text)});
}

void Problems::add_about_file(Position at, std::string text) {
  add(at, std::move(text));
  problems_.back().about_file = true;
}

void Problems::warn(Position at, std::string text) {
  warnings_.push_back({file_, at.line, at.column, std::move(text), true});
}

void Problems::throw_if_any(NamedFiles files) {
  if (files == NamedFiles::ignored) {
    std::erase_if(problems_, [](const Problem& problem) { return problem.about_file; });
  }
  if (problems_.empty()) return;
  sort(problems_);
  throw ConfigError(std::move(problems_));
}

std::vector<Problem> Problems::warnings() {
  sort(warnings_);
  return std::move(warnings_);
}

Section::Section(std::string name, const YamlNode& node, Position at, Problems& problems)
    : name_(std::move(name)), node_(&node), at_(at), problems_(&problems) {
  if (node.kind == YamlNode::Kind::null) return;
  if (node.kind != YamlNode::Kind::map) {
    problems_->add(node.at, name_ + " must be a map of keys and values, not " +
                                std::string(kind_text(node.kind)));
    node_ = nullptr;
    return;
  }
  for (auto entry = node.entries.begin(); entry != node.entries.end(); ++entry) {
    const YamlEntry* first = find(entry->key);
    if (first == &*entry) continue;
    problems_->add(entry->key_at, "key " + in_quotes(entry->key) + " is already in line " +
                                      std::to_string(first->key_at.line) + "; keep one of them");
  }
}

bool Section::is_empty_list(std::string_view key) const {
  const YamlEntry* entry = find(key);
  return entry != nullptr && entry->value->kind == YamlNode::Kind::list &&
         entry->value->entries.empty();
}

bool Section::is_list(std::string_view key) const {
  const YamlEntry* entry = find(key);
  return entry != nullptr && entry->value->kind == YamlNode::Kind::list;
}

bool Section::is_text(std::string_view key) const {
  const YamlEntry* entry = find(key);
  return entry != nullptr && entry->value->kind == YamlNode::Kind::text;
}

Section Section::section(std::string_view key) {
  const YamlEntry* entry = ask(key);
  const std::string path = path_ + std::string(key);
  Section child(in_quotes(path), entry != nullptr ? *entry->value : nothing,
                entry != nullptr ? entry->key_at : at_, *problems_);
  if (node_ == nullptr) child.node_ = nullptr;
  child.path_ = path + '.';
  return child;
}

const YamlNode* Section::map(std::string_view key) {
  const YamlEntry* entry = ask(key);
  if (entry == nullptr || entry->value->kind == YamlNode::Kind::null) return nullptr;
  if (entry->value->kind == YamlNode::Kind::map) return entry->value.get();
  complain(key, in_quotes(key) + " must be a map of keys and values, not " +
                    std::string(kind_text(entry->value->kind)));
  return nullptr;
}

std::vector<Section> Section::sections(std::string_view key, const std::string& each) {
  std::vector<Section> out;
  const YamlEntry* entry = ask(key);
  if (entry == nullptr || entry->value->kind == YamlNode::Kind::null) return out;
  if (entry->value->kind != YamlNode::Kind::list) {
    complain(key, in_quotes(key) + " must be a list, not " +
                      std::string(kind_text(entry->value->kind)) + "; begin each item with \"- \"");
    return out;
  }
  for (const YamlEntry& item : entry->value->entries) {
    out.emplace_back(each, *item.value, item.value->at, *problems_);
  }
  return out;
}

void Section::refuse(std::string_view key, const std::string& why) {
  refused_.emplace_back(key);
  if (const YamlEntry* entry = find(key)) problems_->add(entry->key_at, why);
}

std::vector<std::string> Section::keys() const {
  std::vector<std::string> out;
  if (node_ == nullptr) return out;
  for (const YamlEntry& entry : node_->entries) {
    if (find(entry.key) == &entry) out.push_back(entry.key);
  }
  return out;
}

Position Section::at(std::string_view key) const {
  const YamlEntry* entry = find(key);
  return entry == nullptr ? at_ : value_at(*entry);
}

void Section::finish() {
  const std::vector<std::string_view> known(asked_.begin(), asked_.end());
  for (const std::string& key : keys()) {
    const auto is_key = [&key](std::string_view other) { return other == key; };
    if (std::any_of(known.begin(), known.end(), is_key)) continue;
    if (std::any_of(refused_.begin(), refused_.end(), is_key)) continue;
    problems_->add(find(key)->key_at, "unknown key " + in_quotes(key) + " in " + name_ + "; " +
                                          suggestion(key, known));
    std::erase(missing_, nearest(key, known));  // that is the same mistake
  }
  for (const std::string& key : missing_) complain(name_ + " needs " + in_quotes(key));
}

const YamlEntry* Section::find(std::string_view key) const {
  if (node_ == nullptr) return nullptr;
  for (const YamlEntry& entry : node_->entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

const YamlEntry* Section::ask(std::string_view key) {
  asked_.emplace_back(key);
  return find(key);
}

const YamlNode* Section::text(std::string_view key) {
  const YamlEntry* entry = ask(key);
  return entry != nullptr && check_text(key, *entry) ? entry->value.get() : nullptr;
}

std::vector<const YamlNode*> Section::texts(std::string_view key) {
  std::vector<const YamlNode*> out;
  const YamlEntry* entry = ask(key);
  if (entry == nullptr) return out;
  if (entry->value->kind != YamlNode::Kind::list) {
    const std::string_view kind = kind_text(entry->value->kind);
    complain(key, in_quotes(key) + " must be a list such as [a/b, c/#], not " + std::string(kind));
    return out;
  }
  for (const YamlEntry& item : entry->value->entries) {
    if (check_text(key, item)) out.push_back(item.value.get());
  }
  return out;
}

bool Section::check_text(std::string_view key, const YamlEntry& entry) {
  switch (entry.value->kind) {
    case YamlNode::Kind::text:
      return true;
    case YamlNode::Kind::null:
      problems_->add(entry.key_at,
                     in_quotes(key) + " has no value; a text that begins with # needs quotes");
      return false;
    default:
      problems_->add(entry.value->at, in_quotes(key) + " must be a single value, not " +
                                          std::string(kind_text(entry.value->kind)) +
                                          "; a text that begins with { or [ needs quotes");
      return false;
  }
}

}  // namespace bascule
