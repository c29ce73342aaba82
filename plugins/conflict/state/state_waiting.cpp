// The part of the state that waits: parked ops, ops of the next batch, cases. state.cpp lists the
// keys.
#include "conflict/state/state.hpp"
#include "conflict/state/state_keys.hpp"

namespace bascule::conflict {

namespace {

bool has_any(const plugin::Step& step, std::string_view prefix) {
  bool any = false;
  step.scan(prefix, prefix, [&](std::string_view, std::string_view) {
    any = true;
    return false;
  });
  return any;
}

}  // namespace

std::optional<Parked> State::parked(std::string_view op) const {
  const auto bytes = step_.get(key_of('p', op));
  if (!bytes) return std::nullopt;
  Reader in(*bytes);
  Parked parked;
  parked.op = read_op(in);
  parked.verdict = static_cast<Verdict>(in.number());
  parked.reason = in.text();
  parked.case_number = in.integer();
  if (in.done()) return parked;
  parked.violation.field = in.text();
  parked.violation.rule = in.text();
  return parked;
}

void State::put(const Parked& parked) {
  Writer out;
  write(out, parked.op);
  out.number(static_cast<std::uint64_t>(parked.verdict)).text(parked.reason);
  out.integer(parked.case_number);
  if (parked.violation.any()) out.text(parked.violation.field).text(parked.violation.rule);
  step_.put(key_of('p', parked.op.id), out.take());
  step_.put(with_nul('x', parked.op.key) + parked.op.id, "");
}

void State::erase(const Parked& parked) {
  step_.erase(key_of('p', parked.op.id));
  step_.erase(with_nul('x', parked.op.key) + parked.op.id);
  // Of one that waits for another one, a person has decided first.
  const auto waits = with_nul('w', parked.op.prev) + parked.op.id;
  if (parked.reason != "prev" || !step_.get(waits)) return;
  step_.erase(waits);
  --change_counts().waiting;
}

bool State::has_parked(std::string_view key) const { return has_any(step_, with_nul('x', key)); }

void State::wait(std::string_view prev, std::string_view op) {
  step_.put(with_nul('w', prev) + std::string(op), "");
  ++change_counts().waiting;
}

std::vector<std::string> State::take_waiting(std::string_view prev) {
  std::vector<std::string> ops;
  if (counts().waiting == 0) return ops;
  const auto prefix = with_nul('w', prev);
  step_.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    ops.emplace_back(key.substr(prefix.size()));
    return true;
  });
  for (const auto& op : ops) step_.erase(prefix + op);
  if (!ops.empty()) change_counts().waiting -= ops.size();
  return ops;
}

void State::wait_until(std::int64_t ms, std::string_view op) {
  step_.put(key_of('c', big_endian(static_cast<std::uint64_t>(ms))) + std::string(op), "");
}

std::vector<std::string> State::take_due(std::int64_t now_ms) {
  std::vector<std::string> keys;
  step_.scan("c", "c", [&](std::string_view key, std::string_view) {
    if (key.substr(1, 8) > big_endian(static_cast<std::uint64_t>(now_ms))) return false;
    keys.emplace_back(key);
    return true;
  });
  for (auto& key : keys) {
    step_.erase(key);
    key.erase(0, 9);
  }
  return keys;
}

std::optional<std::int64_t> State::next_due() const {
  std::optional<std::int64_t> due;
  step_.scan("c", "c", [&](std::string_view key, std::string_view) {
    std::uint64_t ms = 0;
    for (const unsigned char byte : key.substr(1, 8)) ms = ms << 8 | byte;
    due = static_cast<std::int64_t>(ms);
    return false;
  });
  return due;
}

void State::queue(const Op& op) {
  Writer out;
  write(out, op);
  step_.put(key_of('q', big_endian(++change_counts().queued)), out.take());
}

std::vector<Op> State::take_queued(std::size_t count_max) {
  std::vector<Op> ops;
  std::vector<std::string> keys;
  step_.scan("q", "q", [&](std::string_view key, std::string_view bytes) {
    Reader in(bytes);
    ops.push_back(read_op(in));
    keys.emplace_back(key);
    return ops.size() < count_max;
  });
  for (const auto& key : keys) step_.erase(key);
  return ops;
}

bool State::has_queued() const { return has_any(step_, "q"); }

std::optional<Case> State::find_case(std::int64_t number) const {
  const auto bytes = step_.get(key_of('k', big_endian(static_cast<std::uint64_t>(number))));
  if (!bytes) return std::nullopt;
  Reader in(*bytes);
  Case it;
  it.kind = in.text();
  it.key = in.text();
  it.op = in.text();
  it.unit = in.text();
  return it;
}

void State::put(std::int64_t number, const Case& it) {
  Writer out;
  out.text(it.kind).text(it.key).text(it.op).text(it.unit);
  step_.put(key_of('k', big_endian(static_cast<std::uint64_t>(number))), out.take());
}

void State::erase_case(std::int64_t number) {
  step_.erase(key_of('k', big_endian(static_cast<std::uint64_t>(number))));
}

}  // namespace bascule::conflict
