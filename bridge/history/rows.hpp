// The rows of the history, as the journal keeps them: in its table policy_state under policy 0, by
// "history/" and a number that grows. Journal's thread. Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/core.hpp"

namespace bascule {

struct HistoryRow {
  std::int64_t number = 0;   // in their order
  int boot = 0;              // of the machine, as in table boot
  std::int64_t from_ms = 0;  // boot time at which its first sample begins
  std::int64_t step_s = 0;   // of a sample
  std::string data;          // block.hpp
};

// The oldest first, from a number on.
std::vector<HistoryRow> history_rows(Store& store, std::int64_t from, int rows_max);

// In a transaction of the core's.
void save(Store& store, const HistoryRow& row);
void erase_history(Store& store, std::int64_t number);

}  // namespace bascule
