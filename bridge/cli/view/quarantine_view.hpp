// The quarantine as text for people. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

std::string render_quarantine(const nlohmann::json& answer, bool colour);
std::string render_quarantined(const nlohmann::json& answer, bool colour);  // one, in full

// One line on what there is, and how to deal with it; empty if there is nothing.
std::string quarantine_advice(const nlohmann::json& total, bool colour);

}  // namespace bascule
