// The site's clock against the centre's (option topics.clock). On connecting, the site asks the
// authority for its time and takes the answer as an offset: this clock is so far ahead. Edits wait
// until the line is up and this is known; then they are stamped in the centre's time, by what the
// offset was at the moment of the edit: between the last measurement before it and the one after.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "bascule/policy.hpp"
#include "conflict/options/options.hpp"
#include "conflict/record/encoding.hpp"
#include "conflict/record/hlc.hpp"

namespace bascule::conflict {

struct Offset {
  std::int64_t ahead_ms = 0;  // of this clock to the centre's
  std::int64_t wall_ms = 0;   // when it was measured, by this clock
  std::int64_t rtt_ms = 0;
};

// A moment of this clock in the centre's time, and how far off that may be.
struct Corrected {
  std::int64_t ms = 0;
  std::int64_t u_ms = 0;
};
// `start` was measured before the moment, if ever, and `end` after it.
Corrected corrected(std::int64_t wall_ms, const std::optional<Offset>& start, const Offset& end);

class SiteClock {
 public:
  SiteClock(const Options& options, plugin::Step& step) : options_(options), step_(step) {}

  bool measures() const { return !options_.topics.clock.empty(); }
  // Whether an edit can leave now: the offset is known, and none that is older waits.
  bool ready() const;
  // The stamp of an edit that leaves now.
  Corrected correct(std::int64_t wall_ms) const;

  // Keeps an edit as `bytes` until it can leave.
  void hold(std::string_view bytes);
  // Gives those that wait to `leave`, oldest first, with what their stamps are made of; some at a
  // time, a wake brings the rest.
  void release(const plugin::Input& input,
               const std::function<void(std::string_view bytes)>& leave);

  // The line has changed: asks for the time, or forgets that the offset is that of now.
  void line(const plugin::Input& input);
  bool is_answer(std::string_view topic) const;
  // The authority's answer; true: the offset is known.
  bool take_answer(const plugin::Input& input);
  // No answer has come in time: the last offset has to do.
  bool give_up();

 private:
  struct Kept {
    std::optional<Offset> start, end;
    bool known = false;       // on this connection
    std::uint64_t asked = 0;  // the question under way; 0: none
    std::int64_t asked_boot = 0, asked_boottime_ms = 0, asked_wall_ms = 0;
    std::uint64_t questions = 0;
  };
  Kept kept() const;
  void put(const Kept& kept);
  bool any_held() const;

  const Options& options_;
  plugin::Step& step_;
};

}  // namespace bascule::conflict
