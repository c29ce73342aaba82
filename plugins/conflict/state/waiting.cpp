#include "conflict/state/waiting.hpp"

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

std::optional<Parked> Waiting::parked(std::string_view op) const {
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

void Waiting::put(const Parked& parked) {
  Writer out;
  write(out, parked.op);
  out.number(static_cast<std::uint64_t>(parked.verdict)).text(parked.reason);
  out.integer(parked.case_number);
  if (parked.violation.any()) out.text(parked.violation.field).text(parked.violation.rule);
  step_.put(key_of('p', parked.op.id), out.take());
  step_.put(with_nul('x', parked.op.key) + parked.op.id, "");
}

void Waiting::erase(const Parked& parked) {
  step_.erase(key_of('p', parked.op.id));
  step_.erase(with_nul('x', parked.op.key) + parked.op.id);
  // Of one that waits for another one, a person has decided first.
  const auto waits = with_nul('w', parked.op.prev) + parked.op.id;
  if (parked.reason != "prev" || !step_.get(waits)) return;
  step_.erase(waits);
  --counters_.change().waiting;
}

bool Waiting::has_parked(std::string_view key) const { return has_any(step_, with_nul('x', key)); }

void Waiting::wait(std::string_view prev, std::string_view op) {
  step_.put(with_nul('w', prev) + std::string(op), "");
  ++counters_.change().waiting;
}

std::vector<std::string> Waiting::take_waiting(std::string_view prev) {
  std::vector<std::string> ops;
  if (counters_.get().waiting == 0) return ops;
  const auto prefix = with_nul('w', prev);
  step_.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    ops.emplace_back(key.substr(prefix.size()));
    return true;
  });
  for (const auto& op : ops) step_.erase(prefix + op);
  if (!ops.empty()) counters_.change().waiting -= ops.size();
  return ops;
}

void Waiting::wait_until(std::int64_t ms, std::string_view op) {
  step_.put(key_of('c', big_endian(static_cast<std::uint64_t>(ms))) + std::string(op), "");
}

void Waiting::wait_no_longer(std::int64_t ms, std::string_view op) {
  step_.erase(key_of('c', big_endian(static_cast<std::uint64_t>(ms))) + std::string(op));
}

std::vector<std::string> Waiting::take_due(std::int64_t now_ms) {
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

std::optional<std::int64_t> Waiting::next_due() const {
  std::optional<std::int64_t> due;
  step_.scan("c", "c", [&](std::string_view key, std::string_view) {
    std::uint64_t ms = 0;
    for (const unsigned char byte : key.substr(1, 8)) ms = ms << 8 | byte;
    due = static_cast<std::int64_t>(ms);
    return false;
  });
  return due;
}

void Waiting::queue(const Op& op) {
  Writer out;
  write(out, op);
  step_.put(key_of('q', big_endian(++counters_.change().queued)), out.take());
  if (op.central) step_.put(key_of('l', op.key), op.id);
}

std::vector<Op> Waiting::take_queued(std::size_t count_max) {
  std::vector<Op> ops;
  std::vector<std::string> keys;
  step_.scan("q", "q", [&](std::string_view key, std::string_view bytes) {
    Reader in(bytes);
    ops.push_back(read_op(in));
    keys.emplace_back(key);
    return ops.size() < count_max;
  });
  for (const auto& key : keys) step_.erase(key);
  for (const auto& op : ops) {
    if (op.central && last_central(op.key) == op.id) step_.erase(key_of('l', op.key));
  }
  return ops;
}

std::optional<std::string> Waiting::last_central(std::string_view key) const {
  return step_.get(key_of('l', key));
}

bool Waiting::has_queued() const { return has_any(step_, "q"); }

}  // namespace bascule::conflict
