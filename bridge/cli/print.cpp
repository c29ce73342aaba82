#include "cli/print.hpp"

#include <unistd.h>

#include <iostream>

#include "cli/command.hpp"
#include "cli/view/table.hpp"
#include "cli/view/units.hpp"
#include "text/json_text.hpp"

namespace bascule {

int print(const nlohmann::json& answer, bool as_json,
          const std::function<std::string(const nlohmann::json&, bool)>& render) {
  if (as_json) {
    std::cout << json_text(answer, 2) << '\n';
  } else {
    std::cout << render(answer, colours_on(STDOUT_FILENO));
  }
  return exit_code::done;
}

void print_progress(const char* what, std::uint64_t done, std::uint64_t total, const char* of) {
  std::cerr << "\r\033[K" << what << ' ' << count_text(done);
  if (total >= done && total > 0) {
    const double percent = 100.0 * static_cast<double>(done) / static_cast<double>(total);
    std::cerr << " of " << count_text(total) << ' ' << of << ", " << static_cast<int>(percent)
              << " %";
  }
  std::cerr << std::flush;
}

void end_progress() { std::cerr << "\r\033[K" << std::flush; }

}  // namespace bascule
