// Ops that wait, record by record, until all sites have reported (option `when: reported`). In the
// host's map; state.cpp lists the keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/policy.hpp"
#include "conflict/record/op.hpp"

namespace bascule::conflict {

// What is known of a record whose ops wait.
struct Gathering {
  std::int64_t due_ms = 0;        // when it is waited for no longer
  Hlc needed;                     // the greatest stamp of its ops: up to there all must have come
  std::uint64_t ops = 0;          // ever
  std::int64_t case_number = -1;  // a person is asked
};

class Gathered {
 public:
  explicit Gathered(plugin::Step& step) : step_(step) {}

  bool any() const;
  std::optional<Gathering> find(std::string_view key) const;
  // Adds an op; `fresh` is the record's gathering if there is none.
  void add(const Op& op, const Gathering& fresh);
  // What has been waited for, or is waited for longer.
  void change(std::string_view key, const Gathering& gathering);
  std::vector<Op> ops(std::string_view key) const;  // by arrival
  std::vector<Op> take(std::string_view key);       // likewise; the record waits no more
  // The records whose ops are all stamped up to this time; and those that are due by then, with the
  // time of the next one.
  std::vector<std::string> stamped_by(std::int64_t ms) const;
  std::vector<std::string> due_by(std::int64_t ms) const;
  std::optional<std::int64_t> next_due_ms() const;
  // The greatest stamp that any of them needs, in ms; 0: none waits.
  std::int64_t needed_ms_max() const;

 private:
  void put(std::string_view key, const Gathering& gathering);
  void erase_index(std::string_view key, const Gathering& gathering);
  std::vector<std::string> keys_by(char kind, std::int64_t ms) const;

  plugin::Step& step_;
};

}  // namespace bascule::conflict
