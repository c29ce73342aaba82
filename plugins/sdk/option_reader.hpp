// Reads the options' JSON member by member, and reports what is wrong at its place, as a JSON
// pointer. A name is that of a member; "" is the section itself.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/policy.hpp"
#include "sdk/json.hpp"
#include "sdk/pattern.hpp"

namespace bascule::sdk {

// A word of an option and what it means.
template <class Value>
struct Word {
  std::string_view word;
  Value value;
};

class OptionReader {
 public:
  explicit OptionReader(const plugin::Options& raw);

  bool has(const std::string& name) const { return json_.contains(name); }
  bool is_object() const { return json_.is_object(); }
  // The word, as `none` or `off`, or null.
  bool is_none(const std::string& name, std::string_view word = "none");

  std::string text(const std::string& name, std::string_view otherwise);
  std::vector<std::string> texts(const std::string& name);  // a text alone is a list of one
  std::string pointer(const std::string& name);             // a JSON pointer; "": none
  // Levels::named: of names and texts only, so that a topic can be made of it level by level.
  enum class Levels { any, named };
  Pattern pattern(const std::string& name, std::string_view otherwise, Levels levels = Levels::any);
  // Seconds as a number, or as sdk/number.hpp says.
  std::int64_t duration_ms(const std::string& name, std::int64_t most_ms, std::int64_t otherwise);
  std::int64_t whole(const std::string& name, std::int64_t least, std::int64_t most,
                     std::int64_t otherwise);
  std::optional<double> number(const std::string& name,
                               double least = std::numeric_limits<double>::lowest(),
                               double most = std::numeric_limits<double>::max());
  bool flag(const std::string& name);
  std::vector<std::string> values(const std::string& name);  // as JSON texts
  // What is JSON itself, as a template is; null if it is not there. Lives as long as the reader.
  const Json* json(const std::string& name) { return find(name); }

  // Leaves `value` as it is if the member is not there, or none of the words.
  template <class Value, std::size_t count>
  void choose(const std::string& name, const Word<Value> (&words)[count], Value& value) {
    const auto* given = find(name);
    if (given == nullptr) return;
    std::string known;
    for (std::size_t i = 0; i < count; ++i) {
      if (given->is_string() && given->get_ref<const std::string&>() == words[i].word) {
        value = words[i].value;
        return;
      }
      known += (i == 0 ? "" : i + 1 == count ? " or " : ", ") + std::string(words[i].word);
    }
    problem(name, "must be " + known);
  }

  // An empty one if it is not there, or no section.
  OptionReader section(const std::string& name);
  // Calls each(name, value as a reader of its own) for the members of a section.
  template <class Each>
  void members(const std::string& name, Each each) {
    const auto inner = section(name);
    for (const auto& [key, value] : inner.json_.items()) each(key, inner.below(key, value));
  }
  // The same for a list.
  template <class Each>
  void items(const std::string& name, Each each) {
    const auto* list = find(name);
    if (list == nullptr) return;
    if (!list->is_array()) return problem(name, "must be a list");
    const auto inner = below(name, *list);
    for (std::size_t i = 0; i < list->size(); ++i) {
      each(inner.below(std::to_string(i), (*list)[i]));
    }
  }

  // Reports it if this is no section, which it is afterwards.
  bool must_be_section();
  // Reports the members that nothing has asked for, each with one that was probably meant.
  void refuse_others(std::string_view why = "is not known");
  // `text` continues a sentence that begins with the name.
  void problem(const std::string& name, const std::string& text) const;

 private:
  OptionReader(const plugin::Options& raw, Json json, std::string place)
      : raw_(raw), json_(std::move(json)), place_(std::move(place)) {}
  OptionReader below(const std::string& name, const Json& json) const {
    return OptionReader(raw_, json, place_of(name));
  }
  std::string place_of(std::string_view name) const;  // the JSON pointer
  const Json* find(const std::string& name);

  const plugin::Options& raw_;
  Json json_;
  std::string place_;
  std::set<std::string> known_;
};

}  // namespace bascule::sdk
