#include "conflict/history.hpp"

#include <array>

namespace bascule::conflict {

namespace {

constexpr std::array<std::string_view, 6> verdicts{"APPLY",  "MERGE", "SUPERSEDED",
                                                   "REJECT", "HOLD",  "CASE"};

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
  out.number(entry.ambiguous ? 1 : 0).text(entry.by);
  if (entry.violation.any()) out.text(entry.violation.field).text(entry.violation.rule);
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
  entry.ambiguous = in.flag();
  entry.by = in.text();
  if (in.done()) return entry;
  entry.violation.field = in.text();
  entry.violation.rule = in.text();
  return entry;
}

}  // namespace bascule::conflict
