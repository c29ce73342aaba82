// What brokers and the medium did that they should not have, or that costs messages, as the status
// has it: each null where there was nothing, with the advice in words. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include "journal/store/table/meta_table.hpp"

namespace bascule {

// What a broker forgot that it should have kept, and what to change there.
nlohmann::json forgotten_report(const Forgotten& forgotten);
// Sessions of ours that ended there by their own expiry.
nlohmann::json expired_report(const Expired& expired);
// Bits of the journal's log that the medium changed.
nlohmann::json damage_report(const LogDamage& damage);
// That the journal was salvaged, or came from another machine, as incidents.json has it.
nlohmann::json salvage_report(const nlohmann::json& salvaged);
nlohmann::json moved_report(const nlohmann::json& moved);

}  // namespace bascule
