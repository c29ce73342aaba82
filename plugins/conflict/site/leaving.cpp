#include "conflict/site/leaving.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "conflict/record/encoding.hpp"
#include "conflict/site/site_marks.hpp"

namespace bascule::conflict {

namespace {

constexpr std::string_view own_properties[] = {"op", "base", "base-quality", "prev", "hlc",
                                               "u",  "kind", "mark",         "hub"};

// An edit on its way up: as it came, and what its stamp will be made of.
struct Leaving {
  Op op;
  plugin::Output output;
  std::int64_t wall_ms = 0;
  Hlc seen;  // the greatest stamp that its author can have seen
  std::string marks;
  std::string hub;  // whose version its base is
};

Leaving leaving(const Visit& visit, const Op& op, const std::string& hub) {
  Leaving it{op, {}, visit.input.wall_ms(), visit.state.clock(), {}, hub};
  it.marks = marks_at(visit, moment_of(visit.input));
  auto& output = it.output;
  output.direction = plugin::Direction::up;
  output.lane = visit.options.lane;
  output.topic = visit.input.topic();
  output.payload = visit.input.payload();
  output.content_type = visit.input.content_type();
  const auto& raw = visit.input.raw();
  for (std::size_t i = 0; i < raw.property_count; ++i) {
    const auto name = plugin::view(raw.properties[i].name);
    const auto* end = std::end(own_properties);
    if (std::find(std::begin(own_properties), end, name) != end) continue;
    output.properties.emplace_back(name, plugin::view(raw.properties[i].value));
  }
  return it;
}

std::string encode(const Leaving& it) {
  Writer out;
  write(out, it.op);
  out.text(it.output.topic).text(it.output.payload).text(it.output.content_type);
  out.number(it.output.properties.size());
  for (const auto& [name, value] : it.output.properties) out.text(name).text(value);
  out.integer(it.wall_ms);
  write(out, it.seen);
  return out.text(it.marks).text(it.hub).take();
}

Leaving decode_leaving(const Options& options, std::string_view bytes) {
  Reader in(bytes);
  Leaving it;
  it.op = read_op(in);
  it.output.direction = plugin::Direction::up;
  it.output.lane = options.lane;
  it.output.topic = in.text();
  it.output.payload = in.text();
  it.output.content_type = in.text();
  for (auto count = in.number(); count > 0; --count) {
    std::string name(in.text());
    it.output.properties.emplace_back(std::move(name), in.text());
  }
  it.wall_ms = in.integer();
  it.seen = read_hlc(in);
  it.marks = in.text();
  it.hub = in.text();
  return it;
}

// The stamp that the next one has to be greater than. One that lies further ahead than the
// authority lets pass was made while the clock ran ahead: once that is right again, what is edited
// from then on must not wait until that time has come.
Hlc stamp_before(Visit& visit, const Hlc& seen, std::int64_t now_ms) {
  auto last = std::max(visit.state.sent(), seen);
  if (!visit.knows_time() || last.ms <= now_ms + visit.options.clock_guard_ms) return last;
  visit.step.log(plugin::Level::warning,
                 "the clock had run " + std::to_string((last.ms - now_ms) / 1000) +
                     " s ahead; edits are stamped with the right time again");
  visit.state.put_clock({});
  visit.state.put_sent({});
  return {};
}

void send_up(Visit& visit, Leaving it) {
  const auto time = visit.clock.correct(it.wall_ms);
  auto& op = it.op;
  op.hlc = stamp_after(visit, it.seen, time.ms);
  op.u_ms = time.u_ms;
  visit.state.put_sent(op.hlc);
  if (visit.state.clock() < op.hlc) visit.state.put_clock(op.hlc);
  auto& properties = it.output.properties;
  properties.emplace_back("op", op.id);
  properties.emplace_back("base", std::to_string(op.base));
  properties.emplace_back("base-quality", word(op.quality));
  if (!op.prev.empty()) properties.emplace_back("prev", op.prev);
  properties.emplace_back("hlc", text(op.hlc));
  properties.emplace_back("u", std::to_string(op.u_ms));
  properties.emplace_back("kind", word(op.kind));
  properties.emplace_back("mark", it.marks);
  if (!it.hub.empty()) properties.emplace_back("hub", it.hub);
  visit.step.emit(it.output);
}

}  // namespace

Hlc stamp_after(Visit& visit, const Hlc& seen, std::int64_t now_ms) {
  return next_stamp(stamp_before(visit, seen, now_ms), now_ms, visit.options.bridge_id);
}

void leave(Visit& visit, const Op& op, const std::string& hub) {
  if (visit.clock.ready()) return send_up(visit, leaving(visit, op, hub));
  visit.clock.hold(encode(leaving(visit, op, hub)));
}

void release(Visit& visit) {
  visit.clock.release(visit.input, [&](std::string_view bytes) {
    send_up(visit, decode_leaving(visit.options, bytes));
  });
  if (visit.state.asked() && visit.clock.ready()) report(visit);
}

}  // namespace bascule::conflict
