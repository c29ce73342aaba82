// The keys: m is what was measured (Kept), l NUMBER an edit that waits to leave.
#include "conflict/site/clock.hpp"

#include <algorithm>
#include <vector>

#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

// An authority that does not answer must not keep the edits for ever.
constexpr std::int64_t answer_within_ms = 10'000;
constexpr std::size_t release_max = 1'000;

void write(Writer& out, const std::optional<Offset>& offset) {
  out.number(offset ? 1 : 0);
  if (offset) out.integer(offset->ahead_ms).integer(offset->wall_ms).integer(offset->rtt_ms);
}

std::optional<Offset> read_offset(Reader& in) {
  if (!in.flag()) return std::nullopt;
  Offset offset;
  offset.ahead_ms = in.integer();
  offset.wall_ms = in.integer();
  offset.rtt_ms = in.integer();
  return offset;
}

std::string question_topic(const Options& options) {
  return options.topics.clock.fill({{"origin", options.bridge_id}});
}

}  // namespace

Corrected corrected(std::int64_t wall_ms, const std::optional<Offset>& start, const Offset& end) {
  if (!start) return {wall_ms - end.ahead_ms, end.rtt_ms / 2};
  const auto whole = end.wall_ms - start->wall_ms;
  const auto part =
      std::clamp<std::int64_t>(wall_ms - start->wall_ms, 0, std::max(whole, std::int64_t{0}));
  const auto drift = end.ahead_ms - start->ahead_ms;
  const auto share =
      static_cast<double>(part) / static_cast<double>(std::max(whole, std::int64_t{1}));
  const auto ahead =
      start->ahead_ms + static_cast<std::int64_t>(static_cast<double>(drift) * share);
  return {wall_ms - ahead, (drift < 0 ? -drift : drift) / 2 + end.rtt_ms / 2};
}

SiteClock::Kept SiteClock::kept() const {
  Kept kept;
  const auto bytes = step_.get("m");
  if (!bytes) return kept;
  Reader in(*bytes);
  kept.start = read_offset(in);
  kept.end = read_offset(in);
  kept.known = in.flag();
  kept.asked = in.number();
  kept.asked_boot = in.integer();
  kept.asked_boottime_ms = in.integer();
  kept.asked_wall_ms = in.integer();
  kept.questions = in.number();
  return kept;
}

void SiteClock::put(const Kept& kept) {
  Writer out;
  write(out, kept.start);
  write(out, kept.end);
  out.number(kept.known ? 1 : 0).number(kept.asked).integer(kept.asked_boot);
  out.integer(kept.asked_boottime_ms).integer(kept.asked_wall_ms).number(kept.questions);
  step_.put("m", out.take());
}

bool SiteClock::any_held() const {
  bool any = false;
  step_.scan("l", "l", [&](std::string_view, std::string_view) {
    any = true;
    return false;
  });
  return any;
}

bool SiteClock::ready() const { return !measures() || (kept().known && !any_held()); }

Corrected SiteClock::correct(std::int64_t wall_ms) const {
  const auto it = kept();
  return it.end ? corrected(wall_ms, it.start, *it.end) : Corrected{wall_ms, 0};
}

void SiteClock::hold(std::string_view bytes) {
  const auto last = step_.get("nheld");
  const auto number = last ? Reader(*last).number() + 1 : 1;
  step_.put("nheld", Writer().number(number).take());
  step_.put('l' + big_endian(number), bytes);
}

void SiteClock::release(const plugin::Input& input,
                        const std::function<void(std::string_view)>& leave) {
  if (!kept().known) return;
  std::vector<std::pair<std::string, std::string>> held;
  step_.scan("l", "l", [&](std::string_view key, std::string_view bytes) {
    held.emplace_back(key, bytes);
    return held.size() <= release_max;
  });
  const bool more = held.size() > release_max;
  if (more) held.pop_back();
  for (const auto& [key, bytes] : held) {
    leave(bytes);
    step_.erase(key);
  }
  if (more) return step_.wake_at("leave", input.wall_ms());
  // What comes from now on is after this measurement.
  auto it = kept();
  it.start = it.end;
  put(it);
}

void SiteClock::line(const plugin::Input& input) {
  if (!measures()) return;
  auto it = kept();
  it.known = false;
  it.asked = 0;
  if (input.payload() == "up") {
    it.asked = ++it.questions;
    it.asked_boot = input.boot();
    it.asked_boottime_ms = input.boottime_ms();
    it.asked_wall_ms = input.wall_ms();
    plugin::Output output;
    output.direction = plugin::Direction::up;
    output.lane = options_.lane;
    output.topic = question_topic(options_);
    output.payload = ObjectText().number("question", std::int64_t(it.asked)).close();
    step_.emit(output);
    step_.wake_at("answer", input.wall_ms() + answer_within_ms);
  }
  put(it);
}

bool SiteClock::is_answer(std::string_view topic) const {
  return measures() && topic == question_topic(options_) + "/answer";
}

bool SiteClock::take_answer(const plugin::Input& input) {
  auto it = kept();
  const auto json = parse_json(input.payload());
  const auto number = [&](const char* name) {
    return json.is_object() && json.contains(name) && json[name].is_number_integer()
               ? json[name].get<std::int64_t>()
               : -1;
  };
  // An answer to an earlier question says nothing of this connection.
  if (it.asked == 0 || number("question") != std::int64_t(it.asked)) return false;
  if (number("time_ms") < 0 || input.boot() != it.asked_boot) return false;
  Offset now;
  now.rtt_ms = std::max<std::int64_t>(input.boottime_ms() - it.asked_boottime_ms, 0);
  now.wall_ms = it.asked_wall_ms + now.rtt_ms / 2;
  now.ahead_ms = now.wall_ms - number("time_ms");
  it.end = now;
  it.known = true;
  it.asked = 0;
  put(it);
  step_.wake_at("answer", 0);
  step_.explain(ObjectText()
                    .number("ahead_ms", now.ahead_ms)
                    .number("rtt_ms", now.rtt_ms)
                    .text("verdict", "CLOCK")
                    .close());
  return true;
}

bool SiteClock::give_up() {
  auto it = kept();
  if (it.asked == 0) return false;
  step_.log(plugin::Level::warning,
            "the authority does not tell its time; the last offset is used");
  it.known = true;
  it.asked = 0;
  put(it);
  return true;
}

}  // namespace bascule::conflict
