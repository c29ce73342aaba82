// What the authority keeps of an op, under its identity, so that a repeat gets the same verdict.
#pragma once

#include <cstdint>
#include <string>

#include "oversell/ledger/messages.hpp"

namespace bascule::oversell {

struct SaleRecord {
  OpId id;
  std::string state;  // FIRM, PROVISIONAL, HONOUR, REVERSE, REFUSED, WITHDRAWN, or NOTED: a fact
  std::int64_t quantity = 0;
  bool at_risk = false;
  std::int64_t risk_ppm = 0;
  std::int64_t version = 0;    // of the item, from which on it is counted in
  std::int64_t available = 0;  // then
  std::int64_t final_ms = 0;   // when the final verdict was given; 0: there is none yet
  std::int64_t case_number = 0;
  bool overridden = false;  // staff made an HONOUR of a REVERSE
  Json ref, answer_to;

  std::string key() const { return "op/" + id.path(); }
  bool final() const { return final_ms != 0; }

  Json json() const {
    Json json{{"item", id.item},       {"site", id.site},
              {"epoch", id.epoch},     {"n", id.n},
              {"state", state},        {"quantity", quantity},
              {"at_risk", at_risk},    {"risk_ppm", risk_ppm},
              {"version", version},    {"final_ms", final_ms},
              {"available", available}};
    if (case_number != 0) json["case"] = case_number;
    if (overridden) json["overridden"] = true;
    if (!ref.is_null()) json["ref"] = ref;
    if (!answer_to.is_null()) json["answer_to"] = answer_to;
    return json;
  }
  static SaleRecord of(const Json& json) {
    SaleRecord record;
    record.id = {text(json, "item"), text(json, "site"), text(json, "epoch"), integer(json, "n")};
    record.state = text(json, "state");
    record.quantity = integer(json, "quantity");
    record.at_risk = flag(json, "at_risk");
    record.risk_ppm = integer(json, "risk_ppm");
    record.version = integer(json, "version");
    record.available = integer(json, "available");
    record.final_ms = integer(json, "final_ms");
    record.case_number = integer_or(json, "case", 0);
    record.overridden = flag(json, "overridden");
    record.ref = json.value("ref", Json());
    record.answer_to = json.value("answer_to", Json());
    return record;
  }
};

}  // namespace bascule::oversell
