#include "replay/case_numbers.hpp"

#include "text/fields.hpp"

namespace bascule {
namespace {

// Above all numbers of cases that a journal can have.
constexpr std::int64_t own_cases_from = std::int64_t{1} << 40;

std::string key(std::string_view kind, std::string_view subject, std::int64_t opened_ms) {
  return std::string(kind).append("\n").append(subject).append("\n").append(
      std::to_string(opened_ms));
}

}  // namespace

CaseNumbers::CaseNumbers(const Past& past, const std::string& policy) : own_(own_cases_from) {
  std::uint64_t before = 0;
  while (true) {
    const nlohmann::json page = past.cases(before);
    const nlohmann::json& cases = part_of(page, "cases");
    if (cases.empty()) return;
    for (const nlohmann::json& one : cases) {
      if (text_of(one, "policy") != policy) continue;
      numbers_[key(text_of(one, "kind"), text_of(one, "subject"),
                   static_cast<std::int64_t>(number_of(one, "opened_ms")))]
          .insert(static_cast<std::int64_t>(count_of(one, "number")));
    }
    before = count_of(cases.back(), "number");
  }
}

std::int64_t CaseNumbers::take(std::string_view kind, std::string_view subject,
                               std::int64_t opened_ms) {
  const auto found = numbers_.find(key(kind, subject, opened_ms));
  if (found == numbers_.end() || found->second.empty()) return own_++;
  const std::int64_t number = *found->second.begin();
  found->second.erase(found->second.begin());
  return number;
}

}  // namespace bascule
