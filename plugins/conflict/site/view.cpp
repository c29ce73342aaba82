#include "conflict/site/view.hpp"

#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

std::int64_t number_of(const Shown& shown, std::string_view name) {
  const auto found = shown.fields.find(name);
  if (found == shown.fields.end()) return 0;
  const auto json = parse_json(found->second);
  return json.is_number_integer() ? json.get<std::int64_t>() : 0;
}

void replay(const Pending& pending, Shown& shown) {
  const auto& op = pending.op;
  if (op.kind == Kind::remove || op.kind == Kind::recreate) shown.fields.clear();
  shown.live = op.kind != Kind::remove;
  for (const auto& [name, value] : op.fields) {
    const auto delta = pending.deltas.find(name);
    if (delta != pending.deltas.end()) {
      shown.fields[name] = std::to_string(number_of(shown, name) + delta->second);
    } else if (value == "null") {
      shown.fields.erase(name);
    } else {
      shown.fields[name] = value;
    }
  }
}

}  // namespace

Shown show(const Options& options, const Confirmed& confirmed,
           const std::vector<Pending>& pending) {
  Shown shown{confirmed.fields, confirmed.live};
  for (const auto& one : pending) {
    if (options.view == View::optimistic || one.decided >= 0) replay(one, shown);
  }
  return shown;
}

Shown with_one(const Confirmed& confirmed, const Pending& one) {
  Shown shown{confirmed.fields, confirmed.live};
  replay(one, shown);
  return shown;
}

std::string render(const Shown& shown, std::string_view part) {
  if (!shown.live) return {};
  auto json = Json::object();
  for (const auto& [name, value] : shown.fields) {
    if (part.empty()) {
      json[name] = parse_json(value);
    } else if (name.size() > part.size() && name.starts_with(part) && name[part.size()] == '/') {
      json[name.substr(part.size() + 1)] = parse_json(value);
    }
  }
  if (!part.empty() && json.empty()) return {};
  return json.dump();
}

std::map<std::string, std::int64_t, std::less<>> deltas_of(const Options& options,
                                                           const Shown& shown, const Op& op) {
  std::map<std::string, std::int64_t, std::less<>> deltas;
  for (const auto& [name, value] : op.fields) {
    if (options.rule_of(options.unit_of(name)) != Rule::sum) continue;
    const auto json = parse_json(value);
    if (json.is_number_integer()) {
      deltas[name] = json.get<std::int64_t>() - number_of(shown, name);
    }
  }
  return deltas;
}

}  // namespace bascule::conflict
