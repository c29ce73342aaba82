#include "sdk/time_zone.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace bascule::sdk {

namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::size_t header_size = 44;

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = (bytes[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const unsigned char byte : bytes) value = value << 8 | byte;
  return static_cast<std::int64_t>(value);
}

// The counts of a header, in the file's order.
struct Counts {
  std::size_t utc, standard, leaps, times, types, letters;
};

std::optional<Counts> read_header(std::string_view bytes) {
  if (bytes.size() < header_size || !bytes.starts_with("TZif")) return std::nullopt;
  const auto count = [&](std::size_t i) {
    return static_cast<std::size_t>(big_endian(bytes.substr(20 + 4 * i, 4)));
  };
  Counts counts{count(0), count(1), count(2), count(3), count(4), count(5)};
  for (const auto one :
       {counts.utc, counts.standard, counts.leaps, counts.times, counts.types, counts.letters}) {
    if (one > 100'000) return std::nullopt;
  }
  return counts;
}

std::size_t body_size(const Counts& counts, std::size_t time_size) {
  return counts.times * (time_size + 1) + counts.types * 6 + counts.letters +
         counts.leaps * (time_size + 4) + counts.standard + counts.utc;
}

// Takes a number without a sign from the front.
std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + (text[digits++] - '0');
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// "[+-]hh[:mm[:ss]]" in seconds.
std::optional<std::int64_t> take_time(std::string_view& text) {
  const bool negative = take(text, '-');
  if (!negative) take(text, '+');
  const auto hours = take_number(text);
  if (!hours) return std::nullopt;
  std::int64_t seconds = *hours * 3'600LL;
  for (const std::int64_t unit : {60, 1}) {
    if (!take(text, ':')) break;
    const auto part = take_number(text);
    if (!part) return std::nullopt;
    seconds += *part * unit;
  }
  return negative ? -seconds : seconds;
}

// "CET" or "<+03>".
bool take_name(std::string_view& text) {
  const bool quoted = take(text, '<');
  std::size_t size = 0;
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  while (size < text.size() && (quoted ? text[size] != '>' : is_letter(text[size]))) ++size;
  text.remove_prefix(size);
  return size > 0 && (!quoted || take(text, '>'));
}

std::int64_t days_from(int year, int month, int day) {
  using namespace std::chrono;
  const sys_days days = std::chrono::year{year} / month / day;
  return days.time_since_epoch().count();
}

int year_of(std::int64_t utc_s) {
  using namespace std::chrono;
  const sys_days days{std::chrono::days{floor_div(utc_s, day_s)}};
  return static_cast<int>(year_month_day(days).year());
}

bool is_leap(int year) { return std::chrono::year{year}.is_leap(); }

}  // namespace

std::optional<TimeZone> TimeZone::named(const std::string& name) {
  const bool plain = !name.empty() && name.front() != '/' && name.find("..") == name.npos;
  if (!plain) return std::nullopt;
  const char* set = std::getenv("TZDIR");
  const std::string dir = set != nullptr ? set : "/usr/share/zoneinfo";
  std::ifstream in(dir + '/' + name, std::ios::binary);
  if (!in) return std::nullopt;
  return of_file(std::string(std::istreambuf_iterator<char>(in), {}));
}

std::optional<TimeZone> TimeZone::of_file(std::string_view bytes) {
  auto counts = read_header(bytes);
  if (!counts || bytes[4] < '2') return std::nullopt;  // only in 32 bits: of before 2005
  const auto skipped = header_size + body_size(*counts, 4);
  if (bytes.size() < skipped) return std::nullopt;
  bytes.remove_prefix(skipped);
  counts = read_header(bytes);
  if (!counts || counts->types == 0) return std::nullopt;
  bytes.remove_prefix(header_size);
  const auto size = body_size(*counts, 8);
  if (bytes.size() < size) return std::nullopt;
  const auto types = bytes.substr(counts->times * 9, counts->types * 6);
  const auto offset_of = [&](std::size_t type) { return big_endian(types.substr(type * 6, 4)); };
  TimeZone zone(offset_of(0));
  for (std::size_t i = 0; i < counts->times; ++i) {
    const auto type = static_cast<unsigned char>(bytes[counts->times * 8 + i]);
    if (type >= counts->types) return std::nullopt;
    zone.transitions_.push_back({big_endian(bytes.substr(i * 8, 8)), offset_of(type)});
  }
  auto footer = bytes.substr(size);
  if (!take(footer, '\n')) return zone;
  footer = footer.substr(0, footer.find('\n'));
  if (footer.empty()) return zone;
  zone.rule_ = read_rule(footer);
  if (!zone.rule_) return std::nullopt;
  return zone;
}

std::optional<TimeZone::Rule> TimeZone::read_rule(std::string_view text) {
  Rule rule;
  if (!take_name(text)) return std::nullopt;
  const auto west = take_time(text);
  if (!west) return std::nullopt;
  rule.standard_s = rule.summer_s = -*west;
  if (text.empty()) return rule;
  if (!take_name(text)) return std::nullopt;
  rule.summer_s = rule.standard_s + 3'600;
  if (!text.starts_with(',')) {
    const auto summer = take_time(text);
    if (!summer) return std::nullopt;
    rule.summer_s = -*summer;
  }
  if (!take(text, ',')) return std::nullopt;
  rule.begin = read_change(text);
  if (!rule.begin || !take(text, ',')) return std::nullopt;
  rule.end = read_change(text);
  if (!rule.end || !text.empty()) return std::nullopt;
  return rule;
}

std::optional<TimeZone::Change> TimeZone::read_change(std::string_view& text) {
  Change change;
  if (take(text, 'M')) {
    const auto month = take_number(text);
    const auto week = month && take(text, '.') ? take_number(text) : std::nullopt;
    const auto day = week && take(text, '.') ? take_number(text) : std::nullopt;
    if (!day || *month < 1 || *month > 12 || *week < 1 || *week > 5 || *day > 6) {
      return std::nullopt;
    }
    change.month = *month;
    change.week = *week;
    change.day = *day;
  } else {
    change.kind = take(text, 'J') ? Change::Kind::julian : Change::Kind::zero_based;
    const auto day = take_number(text);
    if (!day || *day > 366) return std::nullopt;
    change.day = *day;
  }
  if (!take(text, '/')) return change;
  const auto time = take_time(text);
  if (!time) return std::nullopt;
  change.time_s = *time;
  return change;
}

// In local time, as seconds.
std::int64_t TimeZone::moment(const Change& change, int year) {
  std::int64_t day = days_from(year, 1, 1) + change.day;
  if (change.kind == Change::Kind::julian) {
    day -= change.day >= 60 && is_leap(year) ? 0 : 1;  // February 29 is never counted
  } else if (change.kind == Change::Kind::weekday) {
    const auto first = days_from(year, change.month, 1);
    const auto weekday = (first % 7 + 11) % 7;  // 1970-01-01 was a Thursday
    day = first + (change.day - weekday + 7) % 7 + (change.week - 1) * 7;
    const auto next =
        change.month == 12 ? days_from(year + 1, 1, 1) : days_from(year, change.month + 1, 1);
    if (day >= next) day -= 7;
  }
  return day * day_s + change.time_s;
}

std::int64_t TimeZone::by_rule(std::int64_t utc_s) const {
  const auto& rule = *rule_;
  if (!rule.begin) return rule.standard_s;
  const int year = year_of(utc_s + rule.standard_s);
  const auto begin = moment(*rule.begin, year) - rule.standard_s;
  const auto end = moment(*rule.end, year) - rule.summer_s;
  const bool summer = begin < end ? utc_s >= begin && utc_s < end : utc_s >= begin || utc_s < end;
  return summer ? rule.summer_s : rule.standard_s;
}

std::int64_t TimeZone::offset_s(std::int64_t utc_s) const {
  const bool after = transitions_.empty() || utc_s >= transitions_.back().at_s;
  if (after && rule_) return by_rule(utc_s);
  const auto next =
      std::upper_bound(transitions_.begin(), transitions_.end(), utc_s,
                       [](std::int64_t at, const Transition& one) { return at < one.at_s; });
  return next == transitions_.begin() ? first_offset_s_ : std::prev(next)->offset_s;
}

std::int64_t TimeZone::day_of(std::int64_t utc_s) const {
  return floor_div(utc_s + offset_s(utc_s), day_s);
}

std::int64_t TimeZone::utc_s(std::int64_t day, int minute) const {
  const auto local = day * day_s + minute * 60LL;
  const auto before = offset_s(local - 2 * day_s), after = offset_s(local + 2 * day_s);
  for (const auto offset : {std::max(before, after), std::min(before, after)}) {
    if (offset_s(local - offset) == offset) return local - offset;
  }
  // Nobody's clock shows it: the moment from which all show a later time.
  auto low = local - std::max(before, after), high = local - std::min(before, after);
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (middle + offset_s(middle) < local) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace bascule::sdk
