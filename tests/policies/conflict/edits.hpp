// Random edits of a few sites, and hubs that they reach in random ways.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "policies/conflict/hub.hpp"
#include "support/property.hpp"

namespace bascule::test {

// The field-merge rules whose end state does not depend on a person.
inline Json merging_fields() {
  return {{"first", "first"}, {"max", "max"},
          {"min", "min"},     {"sum", "sum"},
          {"union", "union"}, {"central", "central"},
          {"site", "site"},   {"address", {{"members", {"street", "zip"}}, {"rule", "newest"}}}};
}

inline Json random_options() {
  const auto strategy = *rc::gen::element<std::string>("last-writer-wins", "field-merge");
  Json options{
      {"strategy", strategy},
      {"deletes", *rc::gen::element<std::string>("delete-wins", "author-time", "update-wins")},
      {"detect", *rc::gen::element<std::string>("record", "field")}};
  if (strategy == "field-merge") options["fields"] = merging_fields();
  return options;
}

inline Json random_value(const std::string& field) {
  const auto number = *rc::gen::inRange(0, 50);
  if (field != "union") return number;
  auto list = Json::array();
  for (int i = 0; i < number % 4; ++i) list.push_back((number + i * 7) % 10);
  return list;
}

// How far ahead a site's wall clock is: now and then more than the authority lets pass.
inline std::int64_t random_lead() {
  return *rc::gen::inRange(0, 10) == 0 ? *rc::gen::inRange<std::int64_t>(50'000, hour) : 0;
}

inline Json random_fields() {
  auto fields = Json::object();
  for (int count = *rc::gen::inRange(1, 4); count > 0; --count) {
    const auto field = *rc::gen::element<std::string>("first", "max", "min", "sum", "union", "site",
                                                      "central", "street", "zip", "name");
    fields[field] = random_value(field);
  }
  return fields;
}

// One site's edits of one record, from the same base, each having seen those before it or not.
inline void add_edits(std::vector<Edit>& edits, const std::string& site, const std::string& record,
                      std::int64_t base, bool deletes) {
  std::string prev;
  bool deleted = false;
  auto at = monday + *rc::gen::inRange(0, 40);
  std::uint64_t number = edits.size() * 100 + 1;
  for (int count = *rc::gen::inRange(0, 5); count > 0; --count) {
    Edit edit;
    edit.site = site;
    edit.record = record;
    edit.number = number++;
    edit.base = base;
    edit.at = at;
    at += *rc::gen::inRange(1, 20);
    edit.fields = random_fields();
    const bool blindly = *rc::gen::inRange(0, 5) == 0;  // without having seen its own last one
    if (blindly) {
      prev.clear();
      deleted = false;
    }
    edit.prev = prev;
    if (deletes && *rc::gen::inRange(0, 5) == 0) edit.kind = deleted ? "recreate" : "delete";
    if (edit.kind == "delete") edit.fields = Json::object();
    if (!edit.kind.empty()) deleted = edit.kind == "delete";
    prev = site + std::to_string(edit.number);
    edits.push_back(edit);
  }
}

template <class Item>
std::vector<Item> shuffled(std::vector<Item> items) {
  for (std::size_t i = items.size(); i > 1; --i) {
    std::swap(items[i - 1], items[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  return items;
}

// The same edits with some of them twice, in another order.
inline std::vector<Edit> as_it_comes(const std::vector<Edit>& edits) {
  auto coming = edits;
  for (const auto& edit : edits) {
    if (*rc::gen::inRange(0, 4) == 0) coming.push_back(edit);
  }
  return shuffled(std::move(coming));
}

inline Json seed_fields() {
  return {{"first", 1}, {"max", 20},    {"min", 20},     {"sum", 100}, {"union", {1, 2}},
          {"site", 0},  {"central", 0}, {"street", "s"}, {"zip", "z"}, {"name", "n"}};
}

}  // namespace bascule::test
