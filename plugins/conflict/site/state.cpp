// The keys; numbers are 8 bytes, big-endian.
//
//   r KEY             the record as the centre last had it (Confirmed)
//   p KEY NUL NUMBER  a pending op of it
//   o OP              where a pending op is: its key, NUMBER
//   n NAME            stamps, counts, the marks
//   m, l NUMBER       the measured clock and what waits for it (clock.cpp)
#include "conflict/site/state.hpp"

#include <algorithm>

namespace bascule::conflict {

namespace {

// An edit that was journaled before the oldest of these is taken to have seen nothing older than
// it.
constexpr std::size_t arrivals_max = 64;
constexpr std::size_t marks_max = 16;
// Marks that come closer to each other count as one that came with the last of them.
constexpr std::int64_t marks_apart_ms = 1'000;

std::string pending_key(std::string_view key, std::string_view number = {}) {
  return 'p' + std::string(key) + '\0' + std::string(number);
}

std::string op_key(std::string_view op) { return 'o' + std::string(op); }

}  // namespace

Moment moment_of(const plugin::Input& input) { return {input.boot(), input.boottime_ms()}; }

Confirmed SiteState::confirmed(std::string_view key) const {
  Confirmed it;
  const auto bytes = step_.get('r' + std::string(key));
  if (!bytes) return it;
  Reader in(*bytes);
  it.version = in.integer();
  for (auto count = in.number(); count > 0; --count) {
    const auto part = in.text();
    it.part_versions.emplace(part, in.integer());
  }
  for (auto count = in.number(); count > 0; --count) {
    const auto name = in.text();
    it.fields.emplace(name, in.text());
  }
  it.live = in.flag();
  std::vector<std::string> hubs;
  for (auto count = in.number(); count > 0; --count) hubs.emplace_back(in.text());
  it.hub = hubs.at(in.number());
  for (auto count = in.number(); count > 0; --count) {
    auto& arrival = it.arrivals.emplace_back();
    arrival.version = in.integer();
    arrival.hub = hubs.at(in.number());
    arrival.at.boot = in.integer();
    arrival.at.boottime_ms = in.integer();
  }
  it.newest = read_hlc(in);
  for (auto count = in.number(); count > 0; --count) {
    const auto part = in.text();
    it.parts_needed.emplace(part, in.integer());
  }
  return it;
}

void SiteState::put(std::string_view key, const Confirmed& it) {
  Writer out;
  out.integer(it.version).number(it.part_versions.size());
  for (const auto& [part, version] : it.part_versions) out.text(part).integer(version);
  out.number(it.fields.size());
  for (const auto& [name, value] : it.fields) out.text(name).text(value);
  out.number(it.live ? 1 : 0);
  const auto skipped = it.arrivals.size() > arrivals_max ? it.arrivals.size() - arrivals_max : 0;
  // Nearly always there is one.
  std::vector<std::string> hubs{it.hub};
  const auto place_of = [&](const std::string& hub) {
    const auto found = std::find(hubs.begin(), hubs.end(), hub);
    if (found != hubs.end()) return static_cast<std::uint64_t>(found - hubs.begin());
    hubs.push_back(hub);
    return static_cast<std::uint64_t>(hubs.size() - 1);
  };
  for (auto i = skipped; i < it.arrivals.size(); ++i) place_of(it.arrivals[i].hub);
  out.number(hubs.size());
  for (const auto& hub : hubs) out.text(hub);
  out.number(0).number(it.arrivals.size() - skipped);
  for (auto i = skipped; i < it.arrivals.size(); ++i) {
    out.integer(it.arrivals[i].version).number(place_of(it.arrivals[i].hub));
    out.integer(it.arrivals[i].at.boot).integer(it.arrivals[i].at.boottime_ms);
  }
  write(out, it.newest);
  out.number(it.parts_needed.size());
  for (const auto& [part, version] : it.parts_needed) out.text(part).integer(version);
  step_.put('r' + std::string(key), out.take());
}

void SiteState::erase_confirmed(std::string_view key) { step_.erase('r' + std::string(key)); }

void Marks::add(std::uint64_t mark, const Moment& at) {
  const auto size = arrivals.size();
  const auto near = [&](const Moment& moment) {
    return moment.boot == at.boot && at.boottime_ms - moment.boottime_ms < marks_apart_ms;
  };
  if (size >= 2 && near(arrivals[size - 2].at)) {
    arrivals.back() = {mark, at};
    return;
  }
  arrivals.push_back({mark, at});
  if (arrivals.size() > marks_max) arrivals.erase(arrivals.begin());
}

std::uint64_t Marks::at(const Moment& moment) const {
  std::uint64_t mark = 0;
  for (const auto& arrival : arrivals) {
    if (arrival.at <= moment) mark = arrival.mark;
  }
  return mark;
}

bool Confirmed::whole() const {
  return std::all_of(parts_needed.begin(), parts_needed.end(), [&](const auto& part) {
    const auto come = part_versions.find(part.first);
    return come != part_versions.end() && come->second >= part.second;
  });
}

std::map<std::string, Marks> SiteState::marks() const {
  std::map<std::string, Marks> all;
  const auto bytes = step_.get("nmarks");
  if (!bytes) return all;
  Reader in(*bytes);
  while (!in.done()) {
    auto& marks = all[std::string(in.text())];
    marks.sent = in.number();
    marks.next = in.number();
    for (auto count = in.number(); count > 0; --count) {
      auto& arrival = marks.arrivals.emplace_back();
      arrival.mark = in.number();
      arrival.at.boot = in.integer();
      arrival.at.boottime_ms = in.integer();
    }
  }
  return all;
}

void SiteState::put(const std::map<std::string, Marks>& all) {
  Writer out;
  for (const auto& [hub, marks] : all) {
    out.text(hub).number(marks.sent).number(marks.next).number(marks.arrivals.size());
    for (const auto& arrival : marks.arrivals) {
      out.number(arrival.mark).integer(arrival.at.boot).integer(arrival.at.boottime_ms);
    }
  }
  step_.put("nmarks", out.take());
}

std::int64_t SiteState::mark_wake_ms() const {
  const auto bytes = step_.get("nmarkwake");
  return bytes ? Reader(*bytes).integer() : 0;
}

void SiteState::put_mark_wake(std::int64_t ms) {
  step_.put("nmarkwake", Writer().integer(ms).take());
}

std::vector<Pending> SiteState::pending(std::string_view key) const {
  std::vector<Pending> list;
  const auto prefix = pending_key(key);
  step_.scan(prefix, prefix, [&](std::string_view, std::string_view bytes) {
    Reader in(bytes);
    auto& pending = list.emplace_back();
    pending.op = read_op(in);
    for (auto count = in.number(); count > 0; --count) {
      const auto name = in.text();
      pending.deltas.emplace(name, in.integer());
    }
    pending.decided = in.integer();
    pending.hub = in.text();
    return true;
  });
  return list;
}

bool SiteState::is_pending(std::string_view op) const { return step_.get(op_key(op)).has_value(); }

void SiteState::add(const Pending& pending) {
  const auto last = step_.get("nops");
  const auto number = last ? Reader(*last).number() + 1 : 1;
  step_.put("nops", Writer().number(number).take());
  step_.put(op_key(pending.op.id), Writer().text(pending.op.key).number(number).take());
  change(pending);
}

void SiteState::change(const Pending& pending) {
  const auto place = step_.get(op_key(pending.op.id));
  if (!place) return;
  Reader in(*place);
  in.text();
  const auto number = in.number();
  Writer out;
  write(out, pending.op);
  out.number(pending.deltas.size());
  for (const auto& [name, delta] : pending.deltas) out.text(name).integer(delta);
  out.integer(pending.decided).text(pending.hub);
  step_.put(pending_key(pending.op.key, big_endian(number)), out.take());
}

std::optional<std::string> SiteState::key_of(std::string_view op) const {
  const auto bytes = step_.get(op_key(op));
  if (!bytes) return std::nullopt;
  return std::string(Reader(*bytes).text());
}

std::optional<std::string> SiteState::remove(std::string_view op) {
  const auto bytes = step_.get(op_key(op));
  if (!bytes) return std::nullopt;
  Reader in(*bytes);
  std::string key(in.text());
  step_.erase(pending_key(key, big_endian(in.number())));
  step_.erase(op_key(op));
  return key;
}

Hlc SiteState::stamp(std::string_view key) const {
  const auto bytes = step_.get(key);
  if (!bytes) return {};
  Reader in(*bytes);
  return read_hlc(in);
}

void SiteState::put_stamp(std::string_view key, const Hlc& stamp) {
  Writer out;
  write(out, stamp);
  step_.put(key, out.take());
}

}  // namespace bascule::conflict
