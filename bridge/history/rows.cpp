#include "history/rows.hpp"

#include <array>
#include <charconv>
#include <cinttypes>
#include <cstddef>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

namespace bascule {
namespace {

constexpr PolicyId own = 0;  // no policy has it
constexpr std::string_view prefix = "history/";

// In order as the numbers are.
std::string key_of(std::int64_t number) {
  std::array<char, 20> digits{};
  std::snprintf(digits.data(), digits.size(), "%016" PRIx64, static_cast<std::uint64_t>(number));
  return std::string(prefix) + digits.data();
}

// "BOOT FROM_MS STEP_S ", and the data.
std::string value_of(const HistoryRow& row) {
  return std::to_string(row.boot) + ' ' + std::to_string(row.from_ms) + ' ' +
         std::to_string(row.step_s) + ' ' + row.data;
}

std::optional<HistoryRow> row_of(std::string_view key, std::string_view value) {
  HistoryRow row;
  const auto read = [](std::string_view text, auto& number, int base = 10) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return error == std::errc() ? static_cast<std::size_t>(end - text.data()) : 0;
  };
  if (read(key.substr(prefix.size()), row.number, 16) == 0) return std::nullopt;
  const auto next = [&](auto& number) {
    const std::size_t size = read(value, number);
    if (size == 0 || size == value.size()) return false;
    value.remove_prefix(size + 1);
    return true;
  };
  if (!next(row.boot) || !next(row.from_ms) || !next(row.step_s)) return std::nullopt;
  row.data = value;
  return row;
}

}  // namespace

std::vector<HistoryRow> history_rows(Store& store, std::int64_t from, int rows_max) {
  std::vector<HistoryRow> rows;
  for (const auto& [key, value] : store.policies().states(own, prefix, key_of(from), rows_max)) {
    if (auto row = row_of(key, value)) rows.push_back(*std::move(row));
  }
  return rows;
}

void save(Store& store, const HistoryRow& row) {
  store.policies().save_state(own, key_of(row.number), value_of(row));
}

void erase_history(Store& store, std::int64_t number) {
  store.policies().erase_state(own, key_of(number));
}

}  // namespace bascule
