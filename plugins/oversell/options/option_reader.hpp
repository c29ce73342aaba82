// Reads one section of the options member by member, and reports what is wrong at its place.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "bascule/policy.hpp"
#include "oversell/options/json.hpp"
#include "oversell/options/pattern.hpp"

namespace bascule::oversell {

class OptionReader {
 public:
  explicit OptionReader(const plugin::Options& raw);

  bool has(const std::string& name) const { return json_.contains(name); }
  // One of a few words: its place in the list; `otherwise` if it is not there or not one of them.
  std::size_t word(const std::string& name, std::initializer_list<std::string_view> words,
                   std::size_t otherwise);
  std::int64_t whole(const std::string& name, std::int64_t least, std::int64_t most,
                     std::int64_t otherwise);
  std::optional<double> number(const std::string& name, double least, double most);
  // "2s", "500ms", "5m", "1h", "30d", or seconds as a number; in milliseconds.
  std::int64_t duration_ms(const std::string& name, std::int64_t most_ms, std::int64_t otherwise);
  // `off` or null: true, and it need not be read further.
  bool off(const std::string& name);
  Pattern pattern(const std::string& name, std::string_view otherwise);

  OptionReader section(const std::string& name);
  // Calls each(name, value as a reader of its own) for the members of a section.
  template <class Each>
  void members(const std::string& name, Each each) {
    const auto inner = section(name);
    for (const auto& member : inner.json_.items()) {
      each(member.key(),
           OptionReader(raw_, member.value(), inner.place_ + "/" + escaped(member.key())));
    }
  }
  // This value itself, of a section that is only numbers.
  std::int64_t as_whole(std::int64_t least, std::int64_t most);

  void known(const std::string& name) { known_.insert(name); }
  bool must_be_section();
  void refuse_others(std::string_view why);
  void problem(const std::string& name, const std::string& text);

 private:
  OptionReader(const plugin::Options& raw, Json json, std::string place)
      : raw_(raw), json_(std::move(json)), place_(std::move(place)) {}
  static std::string escaped(std::string_view name);
  const Json* find(const std::string& name);

  const plugin::Options& raw_;
  Json json_;
  std::string place_;
  std::set<std::string> known_;
};

}  // namespace bascule::oversell
