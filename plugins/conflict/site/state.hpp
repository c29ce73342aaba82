// What a site keeps in the host's map; state.cpp says under which keys.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/policy.hpp"
#include "conflict/record/op.hpp"

namespace bascule::conflict {

// A moment of this machine.
struct Moment {
  std::int64_t boot = 0;
  std::int64_t boottime_ms = 0;
  auto operator<=>(const Moment&) const = default;
};
Moment moment_of(const plugin::Input& input);

// A record as the centre last had it, as far as this site was told.
struct Confirmed {
  struct Arrival {
    std::int64_t version = -1;
    std::string hub;  // whose version it is
    Moment at;
  };
  std::int64_t version = -1;
  std::string hub;  // journal_name.hpp; empty: nothing has come
  std::map<std::string, std::int64_t, std::less<>> part_versions;
  // Of the newest version: in which each part last changed. What has not come yet of it, nobody
  // here has seen.
  std::map<std::string, std::int64_t, std::less<>> parts_needed;
  Hlc newest;     // of the newest version; a record that is made anew counts from 0 again
  Fields fields;  // with parts: "part/field"
  bool live = false;
  std::vector<Arrival> arrivals;  // the last ones that came whole, oldest first

  bool whole() const;  // all parts of the newest version have come
};

// The marks that came with the records of one hub (marks.hpp).
struct Marks {
  struct Arrival {
    std::uint64_t mark = 0;
    Moment at;
  };
  std::vector<Arrival> arrivals;  // the last ones, oldest first
  std::uint64_t sent = 0;         // the last that went up in a message of its own
  std::uint64_t next = 0;         // that goes up next

  void add(std::uint64_t mark, const Moment& at);
  // The last that had come by then; 0: none is known.
  std::uint64_t at(const Moment& moment) const;
  std::uint64_t last() const { return arrivals.empty() ? 0 : arrivals.back().mark; }
  bool to_send() const { return next != sent || last() != next; }
};

// An edit made here that the centre has not answered for good, or has let stand in a version of the
// record that has not come.
struct Pending {
  Op op;
  std::map<std::string, std::int64_t, std::less<>> deltas;  // of sums, to what the author saw
  std::int64_t decided = -1;                                // that version; -1: it is not decided
  std::string hub;                                          // whose version that is
};

class SiteState {
 public:
  explicit SiteState(plugin::Step& step) : step_(step) {}

  Confirmed confirmed(std::string_view key) const;
  void put(std::string_view key, const Confirmed& confirmed);
  void erase_confirmed(std::string_view key);

  // By hub; of the last few that anything has come from.
  std::map<std::string, Marks> marks() const;
  void put(const std::map<std::string, Marks>& marks);

  // For when the wake that sends them was asked for; 0: it was not.
  std::int64_t mark_wake_ms() const;
  void put_mark_wake(std::int64_t ms);

  // The authority has asked how far the edits have come, and is not answered yet.
  bool asked() const { return step_.get("nasked").has_value(); }
  void put_asked(bool asked) {
    if (asked) {
      step_.put("nasked", "");
    } else if (this->asked()) {
      step_.erase("nasked");
    }
  }

  std::vector<Pending> pending(std::string_view key) const;  // oldest first
  bool is_pending(std::string_view op) const;
  void add(const Pending& pending);
  // The same op, changed.
  void change(const Pending& pending);
  // The record that it is of, if it is pending.
  std::optional<std::string> key_of(std::string_view op) const;
  std::optional<std::string> remove(std::string_view op);

  // The greatest stamp that this site has seen or sent, and the last that it has sent.
  Hlc clock() const { return stamp("nclock"); }
  void put_clock(const Hlc& clock) { put_stamp("nclock", clock); }
  Hlc sent() const { return stamp("nsent"); }
  void put_sent(const Hlc& stamp) { put_stamp("nsent", stamp); }

 private:
  Hlc stamp(std::string_view key) const;
  void put_stamp(std::string_view key, const Hlc& stamp);

  plugin::Step& step_;
};

}  // namespace bascule::conflict
