#include "cli/moment.hpp"

#include <chrono>
#include <stdexcept>

#include "text/time.hpp"
#include "text/units.hpp"
#include "text/wording.hpp"

namespace bascule {

std::int64_t moment_ms(const std::string& option, const std::string& text) {
  using std::chrono::milliseconds;
  if (const auto time_ms = parse_time(text)) return *time_ms;
  try {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<milliseconds>(now - parse_duration(text)).count();
  } catch (const std::invalid_argument&) {
    throw std::runtime_error(option + " must be a span until now, such as 2h, or a time, such as " +
                             "2026-11-26T14:00:00Z, not " + in_quotes(text));
  }
}

}  // namespace bascule
