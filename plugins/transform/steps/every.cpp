#include "transform/steps/step.hpp"

namespace bascule::transform {

Every::Every(sdk::OptionReader& item) {
  period_ms_ = item.duration_ms("every", time_max_ms, 0);
  if (period_ms_ < 1) item.problem("every", "must be a duration such as 10s");
  name_ = "every " + std::to_string(period_ms_);
}

Outcome Every::run(Json&, const Context&, TopicMemory& memory) const {
  if (!memory.fits()) return Outcome::unfit("has too long a topic to be remembered");
  const auto last = memory.last(name_);
  if (last) {
    const auto passed = elapsed_ms(last->at, memory.now());
    if (passed < period_ms_) {
      return Outcome::dropped("comes " + std::to_string(passed) + " ms after one that passed");
    }
  }
  memory.note(name_, 0);
  return {};
}

}  // namespace bascule::transform
