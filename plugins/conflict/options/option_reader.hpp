// Reads the options' JSON member by member, and reports what is wrong at its place.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bascule/policy.hpp"
#include "conflict/options/json.hpp"
#include "conflict/options/pattern.hpp"

namespace bascule::conflict {

// The words of an option and what they mean.
template <class Value>
struct Choices {
  template <class... Pair>
  constexpr Choices(Pair... pair) : words{pair...}, count(sizeof...(pair)) {}
  constexpr Choices(std::initializer_list<std::pair<std::string_view, Value>> list)
      : count(list.size()) {
    std::size_t i = 0;
    for (const auto& word : list) words[i++] = word;
  }
  std::array<std::pair<std::string_view, Value>, 9> words{};
  std::size_t count;
};

// "01:30" is 90.
std::optional<int> minute_of_day(std::string_view text);

class OptionReader {
 public:
  explicit OptionReader(const plugin::Options& raw);

  bool is_object() const { return json_.is_object(); }
  std::string text(const std::string& name, std::string_view otherwise);
  std::vector<std::string> texts(const std::string& name);
  std::string pointer(const std::string& name);
  Pattern pattern(const std::string& name, std::string_view otherwise);
  std::int64_t seconds(const std::string& name, std::int64_t otherwise);  // 60, "5m", "1h", "30d"
  std::uint64_t whole(const std::string& name, std::uint64_t least, std::uint64_t most,
                      std::uint64_t otherwise);
  std::optional<double> number(const std::string& name);
  bool flag(const std::string& name);
  std::vector<std::string> values(const std::string& name);  // as JSON texts
  bool has(const std::string& name) const { return json_.contains(name); }
  // `none` or null.
  bool is_none(const std::string& name);
  OptionReader section(const std::string& name);

  template <class Value>
  void choose(const std::string& name, const Choices<Value>& choices, Value& value) {
    const auto word = text(name, "");
    if (word.empty()) return;
    std::string known;
    for (std::size_t i = 0; i < choices.count; ++i) {
      if (choices.words[i].first == word) {
        value = choices.words[i].second;
        return;
      }
      known += (i == 0 ? "" : i + 1 == choices.count ? " or " : ", ");
      known += choices.words[i].first;
    }
    problem(at(name), "must be " + known);
  }

  template <class Each>
  void members(const std::string& name, Each each) {
    auto reader = section(name);
    for (const auto& [key, value] : reader.json_.items()) each(key, reader.inner(key, value));
  }
  template <class Each>
  void items(const std::string& name, Each each) {
    known_.insert(name);
    if (!json_.contains(name)) return;
    const auto& list = json_[name];
    if (!list.is_array()) return problem("/" + name, "must be a list");
    for (std::size_t i = 0; i < list.size(); ++i)
      each(inner(name + "/" + std::to_string(i), list[i]));
  }

  // Reports the members that nothing has asked for.
  void refuse_others();
  // `pointer` is below this reader's place.
  void problem(const std::string& pointer, const std::string& text);

 private:
  OptionReader(const plugin::Options& raw, Json json, std::string place)
      : raw_(raw), json_(std::move(json)), place_(std::move(place)) {}
  OptionReader inner(const std::string& name, const Json& json) const {
    return OptionReader(raw_, json, place_ + "/" + name);
  }
  static std::string at(const std::string& name) { return name.empty() ? "" : "/" + name; }
  const Json* find(const std::string& name);

  const plugin::Options& raw_;
  Json json_;
  std::string place_;
  std::set<std::string> known_;
};

}  // namespace bascule::conflict
