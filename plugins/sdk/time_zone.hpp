// Named time zones, from the system's zone data (TZif, RFC 8536). Read once; immutable then, and
// pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::sdk {

class TimeZone {
 public:
  // Always so far ahead of UTC.
  explicit TimeZone(std::int64_t offset_s = 0) : first_offset_s_(offset_s) {}
  // "Europe/Zurich"; nothing: the system does not know it, or its file is damaged.
  static std::optional<TimeZone> named(const std::string& name);
  // Of the bytes of a TZif file.
  static std::optional<TimeZone> of_file(std::string_view bytes);

  // How far local time is ahead of UTC at this moment, in seconds since 1970 UTC.
  std::int64_t offset_s(std::int64_t utc_s) const;
  // When it is this time of that local day (counted from 1970-01-01): the first time, where clocks
  // are set back over it; the moment of the change, where they are set ahead over it.
  std::int64_t utc_s(std::int64_t day, int minute) const;
  // The local day of a moment.
  std::int64_t day_of(std::int64_t utc_s) const;

 private:
  struct Transition {
    std::int64_t at_s = 0;
    std::int64_t offset_s = 0;  // from then on
  };
  // "M3.5.0/2": the last Sunday of March, 2:00; or "J60", "59".
  struct Change {
    enum class Kind { weekday, julian, zero_based } kind = Kind::weekday;
    int month = 0, week = 0, day = 0;
    std::int64_t time_s = 7'200;
  };
  // What holds after the last transition: "CET-1CEST,M3.5.0,M10.5.0/3".
  struct Rule {
    std::int64_t standard_s = 0, summer_s = 0;
    std::optional<Change> begin, end;  // of summer time
  };

  static std::optional<Rule> read_rule(std::string_view text);
  static std::optional<Change> read_change(std::string_view& text);
  static std::int64_t moment(const Change& change, int year);
  std::int64_t by_rule(std::int64_t utc_s) const;

  std::int64_t first_offset_s_ = 0;
  std::vector<Transition> transitions_;
  std::optional<Rule> rule_;
};

}  // namespace bascule::sdk
