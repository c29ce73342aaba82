#include "conflict/record.hpp"

#include <algorithm>
#include <array>

#include "conflict/json.hpp"

namespace bascule::conflict {

namespace {

constexpr std::array<std::string_view, 6> standings{"created", "not_reconciled", "merged",
                                                    "retired", "reconciled",     "unknown"};
constexpr std::uint64_t format = 2;

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

void write(Writer& out, const Author& author) {
  out.text(author.op);
  write(out, author.stamp);
  out.integer(author.from).integer(author.u_ms);
  out.number((author.blind ? 1U : 0U) | (author.central ? 2U : 0U));
}

Author read_author(Reader& in, const std::shared_ptr<const std::string>& whole) {
  Author author;
  author.op = {whole, in.text()};
  author.stamp = read_hlc(in);
  author.from = in.integer();
  author.u_ms = in.integer();
  const auto flags = in.number();
  author.blind = (flags & 1) != 0;
  author.central = (flags & 2) != 0;
  return author;
}

// Each author is written once; the heads name it by its place.
std::size_t place_of(std::vector<const Author*>& authors, const Author* author) {
  const auto found = std::find(authors.begin(), authors.end(), author);
  const auto place = static_cast<std::size_t>(found - authors.begin());
  if (found == authors.end()) authors.push_back(author);
  return place;
}

}  // namespace

std::string_view word(Standing standing) { return standings[static_cast<std::size_t>(standing)]; }

Unit* Record::find(std::string_view name) {
  const auto found = std::lower_bound(units.begin(), units.end(), name,
                                      [](const Unit& a, std::string_view b) { return a.name < b; });
  return found != units.end() && found->name == name ? &*found : nullptr;
}

Unit& Record::at(std::string_view name) {
  const auto found = std::lower_bound(units.begin(), units.end(), name,
                                      [](const Unit& a, std::string_view b) { return a.name < b; });
  if (found != units.end() && found->name == name) return *found;
  Unit unit;
  unit.name = name;
  unit.value = SharedText("null");
  return *units.insert(found, std::move(unit));
}

void Record::set(Unit& unit, SharedText value) {
  if (unit.value == value) return;
  stored.fields.try_emplace(unit.name, unit.value);
  unit.value = std::move(value);
}

void Record::clear() {
  for (const auto& unit : units) stored.fields.try_emplace(unit.name, unit.value);
  units.clear();
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

std::string encode(const Record& record) {
  std::vector<const Author*> authors;
  std::vector<std::size_t> places;  // of each head's, in turn
  authors.reserve(record.units.size());
  places.reserve(record.units.size());
  std::size_t expected = 512;
  for (const auto& unit : record.units) {
    for (const auto& [author, value] : unit.heads) {
      places.push_back(place_of(authors, author.get()));
      expected += 32 + std::string_view(value).size();
    }
  }
  Writer out(expected);
  out.number(format).integer(record.version).integer(record.last_from).number(record.last);
  out.number(record.made_by);
  out.number(record.life);
  out.number((record.deleted ? 1U : 0U) | (record.stored.deleted ? 2U : 0U));
  write(out, record.newest);
  write(out, record.newest_lost);
  write(out, record.newest_update);
  write(out, record.newest_delete);
  out.number(static_cast<std::uint64_t>(record.standing)).integer(record.case_number);
  out.number(record.part_versions.size());
  for (const auto& [part, version] : record.part_versions) out.text(part).integer(version);
  out.number(authors.size());
  for (const auto* author : authors) write(out, *author);
  out.number(record.units.size());
  auto place = places.begin();
  for (const auto& unit : record.units) {
    out.text(unit.name).integer(unit.case_number).number(unit.heads.size());
    // The value is most often that of one head; 0: it stands by itself.
    std::size_t same = 0;
    for (std::size_t i = 0; i < unit.heads.size(); ++i) {
      out.number(*place++).text(unit.heads[i].value);
      if (unit.heads[i].value == unit.value) same = i + 1;
    }
    out.number(same);
    if (same == 0) out.text(unit.value);
  }
  out.integer(record.forgotten).number(record.forgotten_by);
  return out.take();
}

Record decode_record(std::string bytes) {
  const auto whole = std::make_shared<const std::string>(std::move(bytes));
  Reader in(*whole);
  if (in.number() != format) throw std::runtime_error("the state is of another version");
  Record record;
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
  std::vector<std::shared_ptr<const Author>> authors;
  const auto author_count = in.count();
  authors.reserve(author_count);
  while (authors.size() < author_count) {
    authors.push_back(std::make_shared<const Author>(read_author(in, whole)));
  }
  const auto unit_count = in.count();
  record.units.reserve(unit_count);
  while (record.units.size() < unit_count) {
    auto& unit = record.units.emplace_back();
    unit.name = in.text();
    unit.case_number = in.integer();
    const auto head_count = in.count();
    unit.heads.reserve(head_count);
    while (unit.heads.size() < head_count) {
      const auto author = in.number();
      unit.heads.push_back({authors.at(author), {whole, in.text()}});
    }
    const auto same = in.number();
    unit.value = same == 0 ? SharedText(whole, in.text()) : unit.heads.at(same - 1).value;
  }
  record.forgotten = in.integer();
  record.forgotten_by = in.number();
  record.stored = {record.made_by, record.life, (flags & 2) != 0, record.newest, {}};
  return record;
}

}  // namespace bascule::conflict
