// What a salvage came to, for people and programs. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "journal/salvage/salvage.hpp"

namespace bascule {

nlohmann::json salvage_json(const SalvageReport& report);
std::string render_salvage(const nlohmann::json& report, bool colour);

}  // namespace bascule
