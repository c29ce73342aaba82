// One input of a policy as the plugin sees it: a view of a journaled record. Lives shorter than the
// record does. Journal's thread.
#pragma once

#include <bascule/policy.h>

#include <vector>

#include "journal/core.hpp"

namespace bascule {

class Input {
 public:
  // `wall_ms` is when it was journaled, as far as is known now.
  Input(const LaneState& lane, const Batch& batch, const Record& record, std::string_view bridge_id,
        std::string_view epoch, std::int64_t wall_ms, bool clock_trusted);
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  const bascule_input& raw() const { return raw_; }

 private:
  void read_properties(std::string_view block);

  bascule_input raw_{};
  std::vector<bascule_property> properties_;
};

}  // namespace bascule
