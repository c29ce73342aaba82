// The journal's answers (see control/queries.hpp for their shapes) as tables for people. Pure.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

std::string render_lanes(const nlohmann::json& answer, bool colour);

// A line per message, and below it why it is not forwarded. On a narrow `page` (in columns; 0: as
// wide as it is) the payload is below as well. `whole`: it is uncut, with a line for each property.
std::string render_messages(const nlohmann::json& answer, bool whole, bool colour,
                            std::size_t page = 0);

std::string render_losses(const nlohmann::json& answer, bool colour);
std::string render_replayed(const nlohmann::json& answer, bool colour);

std::string render_repeats(const nlohmann::json& answer, bool colour);

// Of all slices together: {"checked": n, "damaged": […]}.
std::string render_verification(const nlohmann::json& answer, bool colour);

}  // namespace bascule
