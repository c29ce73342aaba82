// The journal's answers (see control/queries.hpp for their shapes) as tables for people. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

std::string render_lanes(const nlohmann::json& answer, bool colour);

// One line per message. `whole`: the payload uncut, and a line for each property.
std::string render_messages(const nlohmann::json& answer, bool whole, bool colour);

std::string render_losses(const nlohmann::json& answer, bool colour);
std::string render_replayed(const nlohmann::json& answer, bool colour);

std::string render_repeats(const nlohmann::json& answer, bool colour);

// Of all slices together: {"checked": n, "damaged": […]}.
std::string render_verification(const nlohmann::json& answer, bool colour);

}  // namespace bascule
