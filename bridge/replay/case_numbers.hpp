// The numbers that a policy's cases got, by what they are about: in a replay the same case has the
// same number, so that the decision of it finds it. A plain value; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "replay/past.hpp"

namespace bascule {

class CaseNumbers {
 public:
  CaseNumbers(const Past& past, const std::string& policy);

  // The number of the next such case of the past; one above all that a journal can have if the
  // past has none.
  std::int64_t take(std::string_view kind, std::string_view subject, std::int64_t opened_ms);

 private:
  std::map<std::string, std::set<std::int64_t>> numbers_;
  std::int64_t own_;
};

}  // namespace bascule
