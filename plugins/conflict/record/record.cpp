#include "conflict/record/record.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

constexpr std::array<std::string_view, 6> standings{"created", "not_reconciled", "merged",
                                                    "retired", "reconciled",     "unknown"};
constexpr std::uint64_t format = 3;

// The fields of a unit's value.
void add_members(const Options& options, const std::string& unit, std::string_view value,
                 Fields& members) {
  if (value == "null") return;
  if (!options.groups.contains(unit)) {
    members.insert_or_assign(members.end(), unit, value);
    return;
  }
  const auto json = parse_json(value);
  for (const auto& [name, member] : json.items()) members[name] = member.dump();
}

// The fields that stand, by name.
Fields members_of(const Options& options, const Record& record) {
  Fields members;
  for (const auto& unit : record.units) add_members(options, unit.name, unit.value, members);
  return members;
}

// Where the unit of this name is, or would be.
std::vector<Unit>::iterator lower_bound(std::vector<Unit>& units, std::string_view name) {
  return std::lower_bound(units.begin(), units.end(), name,
                          [](const Unit& a, std::string_view b) { return a.name < b; });
}

// The heads of a unit as they are stored: which of their values stands (1: the first; 0: none), and
// each. What stands, if it is none of theirs, comes after them.
template <class Each>
std::uint64_t read_heads(Reader& in, Each&& each) {
  const auto standing = in.number();
  const auto count = in.count();
  for (std::uint64_t number = 1; number <= count; ++number) {
    const auto author = in.number();
    each(author, in.text(), number == standing);
  }
  return standing;
}

}  // namespace

std::string_view word(Standing standing) { return standings[static_cast<std::size_t>(standing)]; }

Unit* Record::find(std::string_view name) {
  const auto found = lower_bound(units, name);
  return found != units.end() && found->name == name ? &*found : nullptr;
}

Unit& Record::at(std::string_view name) {
  const auto found = lower_bound(units, name);
  if (found != units.end() && found->name == name) return *found;
  Unit unit;
  unit.name = name;
  unit.value = SharedText("null");
  return *units.insert(found, std::move(unit));
}

const std::vector<Head>& Record::heads(const Unit& unit) const {
  if (!unit.stored_.empty()) {
    Reader in(std::exchange(unit.stored_, {}));
    in.text();
    in.integer();
    read_heads(in, [&](std::size_t author, std::string_view value, bool) {
      authors.let_go(author);
      unit.heads_.push_back({author, {whole_, value}});
    });
  }
  return unit.heads_;
}

void Record::set(Unit& unit, SharedText value) {
  if (unit.value == value) return;
  stored.fields.try_emplace(unit.name, unit.value);
  heads(unit);
  unit.value = std::move(value);
}

void Record::ask(Unit& unit, std::int64_t case_number) {
  heads(unit);
  unit.case_number = case_number;
}

void Record::clear() {
  for (const auto& unit : units) stored.fields.try_emplace(unit.name, unit.value);
  units.clear();
  authors = {};
}

std::string Version::json() const { return deleted ? "null" : fields_text(fields); }

Version stored_version(const Options& options, const Record& record) {
  auto version = record.stored;
  version.fields.clear();
  for (const auto& unit : record.units) {
    if (record.stored.fields.contains(unit.name)) continue;
    add_members(options, unit.name, unit.value, version.fields);
  }
  for (const auto& [unit, value] : record.stored.fields) {
    add_members(options, unit, value, version.fields);
  }
  return version;
}

Undo undo_of(const Options& options, const Record& record) {
  // What is deleted may still be edited, and no version comes of that.
  if (record.deleted) return {stored_version(options, record), true};
  Undo undo{record.stored, false};
  undo.before.fields.clear();
  for (const auto& [name, value] : record.stored.fields) {
    Fields now, before;
    const auto* unit = record.find(name);
    if (unit != nullptr) add_members(options, name, unit->value, now);
    add_members(options, name, value, before);
    for (const auto& [field, text] : now) {
      if (!before.contains(field)) undo.before.fields[field] = "null";
    }
    for (const auto& [field, text] : before) {
      const auto found = now.find(field);
      if (found == now.end() || found->second != text) undo.before.fields[field] = text;
    }
  }
  return undo;
}

void put_back(const Undo& undo, Version& version) {
  auto fields = undo.whole ? Fields{} : std::move(version.fields);
  for (const auto& [field, value] : undo.before.fields) {
    if (value == "null") {
      fields.erase(field);
    } else {
      fields[field] = value;
    }
  }
  version = undo.before;
  version.fields = std::move(fields);
}

std::string render(const Options& options, const Record& record, std::string_view part) {
  std::size_t expected = 2;
  for (const auto& unit : record.units) {
    expected += unit.name.size() + std::string_view(unit.value).size() + 4;
  }
  ObjectText json(expected);
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!part.empty()) {
      if (name.size() <= part.size() || name[part.size()] != '/' || !name.starts_with(part)) return;
      name.remove_prefix(part.size() + 1);
    }
    json.json(name, value);
  };
  if (options.groups.empty()) {
    for (const auto& unit : record.units) {
      if (unit.value != "null") add(unit.name, unit.value);
    }
  } else {
    for (const auto& [name, value] : members_of(options, record)) add(name, value);
  }
  return json.close();
}

std::vector<std::string> parts_of(const Options& options, const Record& record) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : members_of(options, record)) {
    auto part = name.substr(0, name.find('/'));
    if (parts.empty() || parts.back() != part) parts.push_back(std::move(part));
  }
  return parts;
}

std::string Record::encode() const {
  std::size_t expected = 512;
  std::vector<bool> named(authors.size());
  for (const auto& unit : units) {
    expected += unit.stored_.size();
    for (const auto& head : unit.heads_) {
      named[head.author] = true;
      expected += 32 + std::string_view(head.value).size();
    }
  }
  Writer out(expected);
  out.number(format).integer(version).integer(last_from).number(last).number(made_by).number(life);
  out.number((deleted ? 1U : 0U) | (stored.deleted ? 2U : 0U));
  write(out, newest);
  write(out, newest_lost);
  write(out, newest_update);
  write(out, newest_delete);
  out.number(static_cast<std::uint64_t>(standing)).integer(case_number);
  out.number(part_versions.size());
  for (const auto& [part, changed] : part_versions) out.text(part).integer(changed);
  authors.write(out, named);
  encode_units(out);
  out.integer(forgotten).number(forgotten_by);
  return out.take();
}

void Record::encode_units(Writer& out) const {
  out.number(units.size());
  std::string_view run;  // of stored units, one after the other
  for (const auto& unit : units) {
    if (!unit.stored_.empty()) {
      if (run.data() + run.size() != unit.stored_.data()) {
        out.bytes(run);
        run = unit.stored_.substr(0, 0);
      }
      run = {run.data(), run.size() + unit.stored_.size()};
      continue;
    }
    out.bytes(std::exchange(run, {}));
    out.text(unit.name).integer(unit.case_number);
    const auto& all = unit.heads_;
    const auto same = std::find_if(all.rbegin(), all.rend(),
                                   [&](const Head& head) { return head.value == unit.value; });
    out.number(static_cast<std::uint64_t>(all.rend() - same)).number(all.size());
    for (const auto& head : all) out.number(head.author).text(head.value);
    if (same == all.rend()) out.text(unit.value);
  }
  out.bytes(run);
}

Record Record::decode(std::string bytes) {
  Record record;
  record.whole_ = std::make_shared<const std::string>(std::move(bytes));
  Reader in(*record.whole_);
  if (in.number() != format) throw std::runtime_error("the state is of another version");
  record.version = in.integer();
  record.last_from = in.integer();
  record.last = in.number();
  record.made_by = in.number();
  record.life = in.number();
  const auto flags = in.number();
  record.deleted = (flags & 1) != 0;
  record.newest = read_hlc(in);
  record.newest_lost = read_hlc(in);
  record.newest_update = read_hlc(in);
  record.newest_delete = read_hlc(in);
  record.standing = static_cast<Standing>(in.number());
  record.case_number = in.integer();
  for (auto count = in.number(); count > 0; --count) {
    const auto part = in.text();
    record.part_versions.emplace(part, in.integer());
  }
  record.authors = Authors(in, record.whole_);
  const auto unit_count = in.count();
  record.units.reserve(unit_count);
  while (record.units.size() < unit_count) record.decode_unit(in);
  record.forgotten = in.integer();
  record.forgotten_by = in.number();
  record.stored = {record.made_by, record.life, (flags & 2) != 0, record.newest, {}};
  return record;
}

void Record::decode_unit(Reader& in) {
  auto& unit = units.emplace_back();
  const auto from = in.rest();
  unit.name = in.text();
  unit.case_number = in.integer();
  std::optional<std::string_view> value;
  const auto standing = read_heads(in, [&](std::size_t author, std::string_view text, bool stands) {
    authors.keep(author);
    if (stands) value = text;
  });
  if (standing == 0) value = in.text();
  if (!value) throw std::runtime_error("damaged state: a value that is not there");
  unit.value = {whole_, *value};
  unit.stored_ = from.substr(0, from.size() - in.rest().size());
}

}  // namespace bascule::conflict
