#include "text/units.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "text/number.hpp"
#include "text/wording.hpp"

namespace bascule {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
  std::string_view also;  // what people write instead, in lower case, a space on both sides
};

struct Quantity {
  std::string_view kind;  // as in "must be a size such as 256KiB or 4GiB"
  std::span<const Unit> units;
  const Unit& smallest;  // two units to suggest where there is none, next to each other: the first
  const Unit& small;     // two of a number that is large
  const Unit& large;
};

constexpr Unit duration_units[] = {
    {"ms", 1, " msec msecs milliseconds "},
    {"s", 1'000, " sec secs second seconds "},
    {"m", 60'000, " min mins minute minutes "},
    {"h", 3'600'000, " hr hrs hour hours "},
    {"d", 86'400'000, " day days "},
};
constexpr Unit size_units[] = {
    {"B", 1, " b byte bytes "},
    {"KiB", std::uint64_t{1} << 10, " k kb kib ki "},
    {"MiB", std::uint64_t{1} << 20, " m mb mib mi "},
    {"GiB", std::uint64_t{1} << 30, " g gb gib gi "},
    {"TiB", std::uint64_t{1} << 40, " t tb tib ti "},
};
// Flash is sold by powers of ten.
constexpr Unit flash_units[] = {
    {"MiB", std::uint64_t{1} << 20, " mib mi "}, {"GB", 1'000'000'000, " g gb "},
    {"GiB", std::uint64_t{1} << 30, " gib gi "}, {"TB", 1'000'000'000'000, " t tb "},
    {"TiB", std::uint64_t{1} << 40, " tib ti "},
};
constexpr Unit rate_units[] = {
    {"msg/s", 1, " msg msgs msgs/s msg/sec messages/s "},
    {"B/s", 1, " b b/s b/sec bytes/s "},
    {"KiB/s", std::uint64_t{1} << 10, " k kb kib k/s kb/s kib/s kib/sec kb/sec "},
    {"MiB/s", std::uint64_t{1} << 20, " m mb mib m/s mb/s mib/s mib/sec mb/sec "},
    {"GiB/s", std::uint64_t{1} << 30, " g gb gib g/s gb/s gib/s gib/sec gb/sec "},
};
constexpr Quantity durations{"a duration such as 30s, 5m or 24h", duration_units, duration_units[0],
                             duration_units[1], duration_units[2]};
constexpr Quantity sizes{"a size such as 256KiB or 4GiB", size_units, size_units[0], size_units[1],
                         size_units[2]};
constexpr Quantity flash_sizes{"a size such as 32GB or 1TB", flash_units, flash_units[1],
                               flash_units[1], flash_units[3]};
constexpr Quantity rates{"a rate such as 256KiB/s or 100msg/s", rate_units, rate_units[1],
                         rate_units[0], rate_units[2]};

struct Amount {
  std::uint64_t value;  // in the smallest unit
  const Unit& unit;
};

[[noreturn]] void refuse(std::string_view kind, std::string_view text) {
  throw std::invalid_argument("must be " + std::string(kind) + ", not " + in_quotes(text));
}

// The unit that was probably meant by, say, "GB" or " Seconds".
const Unit* meant(std::span<const Unit> units, std::string_view typed) {
  std::string word = " ";
  for (unsigned char c : typed) {
    if (c != ' ') word += static_cast<char>(std::tolower(c));
  }
  word += ' ';
  for (const Unit& unit : units) {
    const std::string exact = ' ' + std::string(unit.name) + ' ';
    if (word == exact || unit.also.find(word) != std::string_view::npos) return &unit;
  }
  return nullptr;
}

// What may have been meant by a number alone, of what is not more than `most`.
std::string with_units(const Quantity& quantity, std::string_view digits, std::uint64_t number,
                       std::uint64_t most) {
  const auto fits = [&](const Unit* unit) { return number <= most / unit->factor; };
  const bool large = number >= 1'000;
  std::vector<const Unit*> units{large ? &quantity.smallest : &quantity.small,
                                 large ? &quantity.small : &quantity.large};
  if (units[0] == units[1]) units.pop_back();
  std::erase_if(units, std::not_fn(fits));
  if (units.empty()) units = {&quantity.smallest};
  std::string text;
  for (const Unit* const unit : units) {
    text += (text.empty() ? "" : " or ") + in_quotes(std::string(digits) + std::string(unit->name));
  }
  return text;
}

Amount parse(const Quantity& quantity, std::string_view text,
             std::uint64_t most = std::numeric_limits<std::int64_t>::max()) {
  const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
  const std::string_view name = text.substr(digits.size());
  const auto number = parse_number<std::uint64_t>(digits);
  if (!number) refuse(quantity.kind, text);
  for (const Unit& unit : quantity.units) {
    if (unit.name != name) continue;
    // Kept within a signed number, since durations are one.
    if (*number > std::numeric_limits<std::int64_t>::max() / unit.factor)
      refuse(quantity.kind, text);
    return {*number * unit.factor, unit};
  }
  if (name.empty()) {
    throw std::invalid_argument("needs a unit, such as " +
                                with_units(quantity, digits, *number, most));
  }
  if (const Unit* unit = meant(quantity.units, name)) {
    throw std::invalid_argument("has an unknown unit in " + in_quotes(text) + "; did you mean " +
                                in_quotes(std::string(digits) + std::string(unit->name)) + "?");
  }
  refuse(quantity.kind, text);
}

std::string to_text(std::span<const Unit> units, std::uint64_t value) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (value > 0 && value % unit.factor == 0) best = &unit;
  }
  return std::to_string(value / best->factor) + std::string(best->name);
}

std::string two_units(std::int64_t large, const char* large_name, std::int64_t small,
                      const char* small_name) {
  std::string text = std::to_string(large) + ' ' + large_name;
  if (small > 0) text += ' ' + std::to_string(small) + ' ' + small_name;
  return text;
}

}  // namespace

std::chrono::milliseconds parse_duration(std::string_view text, std::chrono::milliseconds most) {
  return std::chrono::milliseconds(
      parse(durations, text, static_cast<std::uint64_t>(most.count())).value);
}

std::uint64_t parse_size(std::string_view text, std::uint64_t most) {
  return parse(sizes, text, most).value;
}

std::uint64_t parse_flash_size(std::string_view text) { return parse(flash_sizes, text).value; }

Rate parse_rate(std::string_view text) {
  const Amount amount = parse(rates, text);
  if (amount.value == 0) {
    throw std::invalid_argument("must be more than 0; leave it out for no limit");
  }
  if (&amount.unit == &rates.small) return {.bytes_per_s = 0, .messages_per_s = amount.value};
  return {.bytes_per_s = amount.value, .messages_per_s = 0};
}

Hours parse_hours(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) refuse("hours such as 22:00-06:00", text);
  const std::optional<int> from = parse_time_of_day(text.substr(0, dash));
  const std::optional<int> to = parse_time_of_day(text.substr(dash + 1));
  if (!from || !to || *from == 24 * 60) refuse("hours such as 22:00-06:00", text);
  if (*from == *to) throw std::invalid_argument("begins and ends at the same time; leave it out");
  return {*from, *to};
}

std::string duration_text(std::chrono::milliseconds duration) {
  return to_text(duration_units, static_cast<std::uint64_t>(duration.count()));
}

std::string size_text(std::uint64_t bytes) { return to_text(size_units, bytes); }

std::optional<int> parse_time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = parse_number<int>(text.substr(0, 2));
  const auto minute = parse_number<int>(text.substr(3));
  if (!hour || !minute || *minute > 59 || *hour * 60 + *minute > 24 * 60) return std::nullopt;
  return *hour * 60 + *minute;
}

std::string time_of_day_text(int minutes) {
  std::string text = "00:00";
  text[0] = static_cast<char>('0' + minutes / 600);
  text[1] = static_cast<char>('0' + minutes / 60 % 10);
  text[3] = static_cast<char>('0' + minutes % 60 / 10);
  text[4] = static_cast<char>('0' + minutes % 10);
  return text;
}

std::string span_text(double seconds) {
  const auto s = static_cast<std::int64_t>(std::max(0.0, seconds));
  if (s < 60) return std::to_string(s) + " s";
  const std::int64_t min = s / 60;
  if (min < 60) return std::to_string(min) + " min";
  const std::int64_t h = min / 60;
  if (h < 24) return two_units(h, "h", min % 60, "min");
  return two_units(h / 24, "d", h % 24, "h");
}

}  // namespace bascule
