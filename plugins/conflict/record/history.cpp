#include "conflict/record/history.hpp"

#include <array>

namespace bascule::conflict {

namespace {

constexpr std::array<std::string_view, 6> verdicts{"APPLY",  "MERGE", "SUPERSEDED",
                                                   "REJECT", "HOLD",  "CASE"};

// What an entry has besides.
constexpr std::uint64_t ambiguous = 1, invalid = 2, undoable = 4;

void write(Writer& out, const Undo& undo) {
  const auto& before = undo.before;
  out.number(before.made_by).number(before.life);
  out.number((before.deleted ? 1U : 0U) | (undo.whole ? 2U : 0U));
  write(out, before.newest);
  out.number(before.fields.size());
  for (const auto& [field, value] : before.fields) out.text(field).text(value);
}

Undo read_undo(Reader& in) {
  Undo undo;
  auto& before = undo.before;
  before.made_by = in.number();
  before.life = in.number();
  const auto flags = in.number();
  before.deleted = (flags & 1) != 0;
  undo.whole = (flags & 2) != 0;
  before.newest = read_hlc(in);
  for (auto count = in.number(); count > 0; --count) {
    const std::string field(in.text());
    before.fields.emplace_hint(before.fields.end(), field, in.text());
  }
  return undo;
}

}  // namespace

std::string_view word(Verdict verdict) { return verdicts[static_cast<std::size_t>(verdict)]; }

std::string encode(const Entry& entry) {
  Writer out;
  write(out, entry.op);
  out.number(static_cast<std::uint64_t>(entry.verdict)).text(entry.reason);
  out.integer(entry.version).integer(entry.from).number(entry.number).number(entry.before);
  out.number(entry.made_by).number(entry.life);
  write(out, entry.stamp);
  out.number(entry.changes.size());
  for (const auto& change : entry.changes) {
    // A unit of one field has the value that the op's fields have already.
    const auto field = entry.op.fields.find(change.unit);
    const bool same = field != entry.op.fields.end() && field->second == change.value;
    out.text(change.unit).number(same ? 1 : 0).integer(change.delta);
    if (!same) out.text(change.value);
  }
  out.number(entry.lost.size());
  for (const auto& unit : entry.lost) out.text(unit);
  out.number((entry.ambiguous ? ambiguous : 0) | (entry.violation.any() ? invalid : 0) |
             (entry.undo ? undoable : 0));
  out.text(entry.by);
  if (entry.violation.any()) out.text(entry.violation.field).text(entry.violation.rule);
  if (entry.undo) write(out, *entry.undo);
  return out.take();
}

Entry decode_entry(std::string_view bytes) {
  Reader in(bytes);
  Entry entry;
  entry.op = read_op(in);
  entry.verdict = static_cast<Verdict>(in.number());
  entry.reason = in.text();
  entry.version = in.integer();
  entry.from = in.integer();
  entry.number = in.number();
  entry.before = in.number();
  entry.made_by = in.number();
  entry.life = in.number();
  entry.stamp = read_hlc(in);
  for (auto count = in.number(); count > 0; --count) {
    auto& change = entry.changes.emplace_back();
    change.unit = in.text();
    const bool same = in.flag();
    change.delta = in.integer();
    change.value = same ? entry.op.fields.at(change.unit) : std::string(in.text());
  }
  for (auto count = in.number(); count > 0; --count) entry.lost.emplace_back(in.text());
  const auto flags = in.number();
  entry.ambiguous = (flags & ambiguous) != 0;
  entry.by = in.text();
  if ((flags & invalid) != 0) {
    entry.violation.field = in.text();
    entry.violation.rule = in.text();
  }
  if ((flags & undoable) != 0) entry.undo = read_undo(in);
  return entry;
}

}  // namespace bascule::conflict
