// What a site keeps of an item, and of an op of its own until it is counted in and final.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "oversell/ledger/escrow.hpp"
#include "oversell/ledger/messages.hpp"
#include "oversell/site/demand.hpp"

namespace bascule::oversell {

struct SiteItem {
  std::optional<Snapshot> snapshot;
  std::int64_t local = 0;       // sold here, net, and not yet in the snapshot
  std::int64_t local_open = 0;  // of that, what no rights cover: it draws on the reserve
  std::int64_t counted = 0;     // sold here, ever, and in the snapshot's sales
  std::int64_t uncovered = 0;   // told as sold without rights
  std::int64_t n = 0;           // of the last op
  std::int64_t stamp_ms = 0, stamp_count = 0;
  std::string claimed;  // for which epoch the allotment was asked for, and of whom
  Escrow escrow;
  Demand demand;

  Hub hub() const { return snapshot ? snapshot->from : Hub(); }
  bool has_quota() const { return snapshot && snapshot->quota != Quota::off; }
  std::int64_t available() const { return snapshot ? snapshot->available - local : 0; }

  // The next stamp: wall time, but not before an earlier one of this item.
  void stamp(Op& op, std::int64_t wall_ms) {
    stamp_count = wall_ms > stamp_ms ? 0 : stamp_count + 1;
    stamp_ms = std::max(stamp_ms, wall_ms);
    op.stamp_ms = stamp_ms;
    op.stamp_count = stamp_count;
  }

  Json json() const {
    Json json{{"local", local},
              {"open", local_open},
              {"counted", counted},
              {"uncovered", uncovered},
              {"n", n},
              {"claimed", claimed},
              {"stamp", {stamp_ms, stamp_count}},
              {"demand", demand.json()}};
    if (snapshot) json["snapshot"] = snapshot->json();
    if (!(escrow == Escrow())) json["rights"] = escrow.json();
    return json;
  }
  static SiteItem of(const Json& json) {
    SiteItem item;
    item.local = integer(json, "local");
    item.local_open = integer(json, "open");
    item.counted = integer(json, "counted");
    item.uncovered = integer(json, "uncovered");
    item.n = integer(json, "n");
    item.claimed = text(json, "claimed");
    item.stamp_ms = json.at("stamp").at(0).get<std::int64_t>();
    item.stamp_count = json.at("stamp").at(1).get<std::int64_t>();
    item.demand = Demand::of(json.at("demand"));
    if (json.contains("snapshot")) item.snapshot = Snapshot::of(json.at("snapshot"));
    item.escrow = Escrow::of(json.value("rights", Json::object()));
    return item;
  }
};

// An op that changed what is there. It is dropped when the snapshot has it and its verdict is
// final.
struct OwnOp {
  Op op;
  std::int64_t net = 0;   // what it takes away; below zero: it gives back
  std::int64_t open = 0;  // of that, what no rights cover: it draws on the reserve
  std::int64_t seen = 0;  // the snapshot's version that has it, once the authority has said …
  Hub seen_by;            // … of this one
  bool counted = false, final = false, reversed = false;

  std::string key() const { return "op/" + op.id.path(); }
  // In the order in which snapshots will have them.
  std::string seen_key() const {
    return "seen/" + op.id.item + "/" + seen_by.path() + "/" + number_key(seen) + "/" +
           op.id.epoch + "/" + number_key(op.id.n);
  }

  Json json() const {
    return {{"op", op.json()},    {"net", net},        {"open", open},
            {"seen", seen},       {"hub", seen_by.id}, {"generation", seen_by.epoch},
            {"counted", counted}, {"final", final},    {"reversed", reversed}};
  }
  static OwnOp of(const Json& json) {
    return {Op::of(json.at("op")),
            integer(json, "net"),
            integer(json, "open"),
            integer(json, "seen"),
            {text(json, "hub"), text(json, "generation")},
            flag(json, "counted"),
            flag(json, "final"),
            flag(json, "reversed")};
  }
};

}  // namespace bascule::oversell
