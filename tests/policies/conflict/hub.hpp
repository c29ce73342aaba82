// An authority in a test: edits in, verdicts, records and conflicts out.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "conflict/authority/authority.hpp"
#include "conflict/state/state.hpp"
#include "support/memory_host.hpp"

namespace bascule::test {

inline constexpr std::int64_t monday = 1'763'971'200'000;  // 2025-11-24 08:00 UTC
inline constexpr std::int64_t hour = 3'600'000;
inline constexpr std::int64_t day = 24 * hour;

// Reads options of a policy; throws with all problems, "pointer text; " each.
conflict::Options options_of(const Json& json, const std::string& bridge_id = "hub");
std::string problems_of(const Json& json);

// One edit as it arrives; what is empty or negative is left out.
struct Edit {
  std::string site = "A";
  std::uint64_t number = 1;
  Json fields = Json::object();
  std::int64_t base = 20;
  std::int64_t at = monday;  // of the author
  std::string prev{};        // "A1": number 1 of site A
  std::string kind{};
  std::int64_t u = 0;
  std::string record = "123";
  std::string part{};
  bool blind = false;

  std::string id() const { return site + "/e/up/" + std::to_string(number); }
};

inline std::string id_of(const std::string& short_id) {
  return short_id.substr(0, 1) + "/e/up/" + short_id.substr(1);
}

inline Edit edit_of(const std::string& short_id, const Json& fields) {
  Edit edit;
  edit.site = short_id.substr(0, 1);
  edit.number = std::stoull(short_id.substr(1));
  edit.fields = fields;
  return edit;
}

// Made `after_s` seconds after Monday's begin, by who saw version `base`.
inline Edit edit_after(const std::string& short_id, const Json& fields, std::int64_t base,
                       std::int64_t after_s, const std::string& kind = "") {
  auto edit = edit_of(short_id, fields);
  edit.base = base;
  edit.at = monday + after_s * 1'000;
  edit.kind = kind;
  return edit;
}

class Hub {
 public:
  explicit Hub(const Json& more = Json::object());

  // Makes record `key` with these fields at version 20, as by the central staff.
  void seed(const Json& fields, const std::string& key = "123", std::int64_t version = 20);

  // The verdict of the edit: what the verdict topic got, or {"verdict": "QUEUED"}.
  Json give(const Edit& edit, std::int64_t arrives = monday + 4 * day);
  // A person's decision, as the bridge hands it in.
  Json resolve(std::int64_t number, const std::string& choose, const Json& data = nullptr);
  // What a person asks, and wants done (`bascule conflict`).
  Json ask(const std::string& what, const Json& about = Json::object()) const;
  Json reinstate(const Json& about);
  void wake(const std::string& name, std::int64_t at, bool trusted = true);
  void trim(std::int64_t at);  // all that can be
  void message(const Message& message);

  Json record(const std::string& key = "123") const;  // null: deleted or never there
  std::int64_t version(const std::string& key = "123") const;
  std::vector<Json> versions(const std::string& key = "123") const;  // what each of them was
  // What stands, without what depends on the order of arrival: fields and whether it lives.
  Json all() const;
  std::vector<conflict::Entry> history(const std::string& key = "123");
  conflict::Hlc clock() const;
  std::vector<std::int64_t> open_cases(const std::string& kind) const;
  Message as_message(const Edit& edit, std::int64_t arrives) const;

  conflict::Options options;
  MemoryHost host;
  std::vector<Sent> sent;                // everything, ever
  std::vector<Json> conflicts;           // likewise
  std::map<std::string, Json> verdicts;  // the last of each op
  std::uint64_t sequence = 0;
};

}  // namespace bascule::test
