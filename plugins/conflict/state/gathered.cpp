#include "conflict/state/gathered.hpp"

#include "conflict/state/state_keys.hpp"

namespace bascule::conflict {

namespace {

std::string timed(char kind, std::int64_t ms, std::string_view key) {
  return numbered(kind, static_cast<std::uint64_t>(ms)) + std::string(key);
}

std::int64_t time_of(std::string_view key) {
  std::uint64_t ms = 0;
  for (const unsigned char byte : key.substr(1, 8)) ms = ms << 8 | byte;
  return static_cast<std::int64_t>(ms);
}

Gathering decode(std::string_view bytes) {
  Reader in(bytes);
  Gathering gathering;
  gathering.due_ms = in.integer();
  gathering.needed = read_hlc(in);
  gathering.ops = in.number();
  gathering.case_number = in.integer();
  return gathering;
}

}  // namespace

bool Gathered::any() const {
  bool any = false;
  step_.scan("y", "y", [&](std::string_view, std::string_view) {
    any = true;
    return false;
  });
  return any;
}

std::optional<Gathering> Gathered::find(std::string_view key) const {
  const auto bytes = step_.get(key_of('G', key));
  if (!bytes) return std::nullopt;
  return decode(*bytes);
}

void Gathered::put(std::string_view key, const Gathering& gathering) {
  Writer out;
  out.integer(gathering.due_ms);
  write(out, gathering.needed);
  out.number(gathering.ops).integer(gathering.case_number);
  step_.put(key_of('G', key), out.take());
  step_.put(timed('y', gathering.needed.ms, key), "");
  if (gathering.case_number < 0) step_.put(timed('d', gathering.due_ms, key), "");
}

void Gathered::erase_index(std::string_view key, const Gathering& gathering) {
  step_.erase(timed('y', gathering.needed.ms, key));
  step_.erase(timed('d', gathering.due_ms, key));
}

void Gathered::add(const Op& op, const Gathering& fresh) {
  const auto known = find(op.key);
  auto gathering = known.value_or(fresh);
  if (known) erase_index(op.key, *known);
  if (gathering.needed < op.hlc) gathering.needed = op.hlc;
  ++gathering.ops;
  put(op.key, gathering);
  Writer out;
  write(out, op);
  step_.put(with_nul('g', op.key) + big_endian(gathering.ops), out.take());
}

void Gathered::change(std::string_view key, const Gathering& gathering) {
  if (const auto known = find(key)) erase_index(key, *known);
  put(key, gathering);
}

std::vector<Op> Gathered::ops(std::string_view key) const {
  std::vector<Op> ops;
  const auto prefix = with_nul('g', key);
  step_.scan(prefix, prefix, [&](std::string_view, std::string_view bytes) {
    Reader in(bytes);
    ops.push_back(read_op(in));
    return true;
  });
  return ops;
}

std::vector<Op> Gathered::take(std::string_view key) {
  auto all = ops(key);
  const auto gathering = find(key);
  if (!gathering) return all;
  for (std::uint64_t number = 1; number <= gathering->ops; ++number) {
    step_.erase(with_nul('g', key) + big_endian(number));
  }
  erase_index(key, *gathering);
  step_.erase(key_of('G', key));
  return all;
}

std::vector<std::string> Gathered::keys_by(char kind, std::int64_t ms) const {
  std::vector<std::string> keys;
  const std::string prefix(1, kind);
  step_.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    if (time_of(key) > ms) return false;
    keys.emplace_back(key.substr(9));
    return true;
  });
  return keys;
}

std::vector<std::string> Gathered::stamped_by(std::int64_t ms) const { return keys_by('y', ms); }
std::vector<std::string> Gathered::due_by(std::int64_t ms) const { return keys_by('d', ms); }

std::optional<std::int64_t> Gathered::next_due_ms() const {
  std::optional<std::int64_t> due;
  step_.scan("d", "d", [&](std::string_view key, std::string_view) {
    due = time_of(key);
    return false;
  });
  return due;
}

std::int64_t Gathered::needed_ms_max() const {
  std::int64_t most = 0;
  step_.scan("y", "y", [&](std::string_view key, std::string_view) {
    most = time_of(key);
    return true;
  });
  return most;
}

}  // namespace bascule::conflict
