#include "cli/print.hpp"

#include <unistd.h>

#include <iostream>

#include "cli/command.hpp"
#include "cli/table.hpp"

namespace bascule {

int print(const nlohmann::json& answer, bool as_json,
          std::string (*render)(const nlohmann::json&, bool)) {
  if (as_json) {
    constexpr auto replace = nlohmann::json::error_handler_t::replace;
    std::cout << answer.dump(2, ' ', false, replace) << '\n';
  } else {
    std::cout << render(answer, colours_on(STDOUT_FILENO));
  }
  return exit_code::done;
}

}  // namespace bascule
