#include "conflict/authority/person/ask.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "conflict/authority/person/reinstate.hpp"
#include "conflict/state/losses.hpp"
#include "conflict/state/state.hpp"
#include "conflict/state/state_keys.hpp"
#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

// Of what is kept, so that nobody waits for an answer.
constexpr std::size_t portion = 500;

struct Asked {
  const Options& options;
  plugin::Step& step;
  const State& state;
  const Losses& losses;
  Json about;

  std::string text(const char* name) const { return text_or(about, name, ""); }
};

Json fields_json(const Fields& fields) { return parse_json(fields_text(fields)); }

// What lost of one entry and does not stand again, one member a loss.
void add_losses(const Asked& asked, std::uint64_t number, const std::vector<Loss>& losses,
                std::string_view record_key, std::int64_t since_ms, Json& list) {
  const auto entry = asked.state.entry(number);
  if (!entry || (!record_key.empty() && entry->op.key != record_key)) return;
  const auto& op = entry->op;
  const auto record = asked.state.record(op.key).value_or(Record{});
  for (const auto& loss : losses) {
    if (loss.at_ms < since_ms) continue;
    const auto fields = lost_fields(asked.options, op, loss);
    if (stands_again(asked.options, op, fields, record)) continue;
    Json one{{"number", number},      {"record", op.key},
             {"op", op.id},           {"origin", std::string(op.origin())},
             {"kind", word(op.kind)}, {"fields", fields_json(fields)},
             {"time_ms", op.hlc.ms},  {"why", loss.why},
             {"lost_ms", loss.at_ms}, {"verdict", word(entry->verdict)}};
    if (!loss.to.empty()) one["to"] = loss.to;
    if (!op.person.empty()) one["person"] = op.person;
    list.push_back(std::move(one));
  }
}

std::uint64_t number_of(std::string_view key) {
  std::uint64_t number = 0;
  for (const unsigned char byte : key.substr(1)) number = number << 8 | byte;
  return number;
}

Json losers(const Asked& asked) {
  const auto key = asked.state.resolve_alias(asked.text("record"));
  const auto since_ms = integer_or(asked.about, "since_ms", 0);
  auto after = static_cast<std::uint64_t>(integer_or(asked.about, "after", 0));
  std::vector<std::pair<std::uint64_t, std::vector<Loss>>> found;
  bool more = false;
  asked.step.scan("z", numbered('z', after + 1), [&](std::string_view at, std::string_view bytes) {
    more = found.size() == portion;
    if (!more) found.emplace_back(number_of(at), decode_losses(bytes));
    return !more;
  });
  auto list = Json::array();
  for (const auto& [number, losses] : found) {
    add_losses(asked, number, losses, key, since_ms, list);
    after = number;
  }
  Json answer{{"losers", std::move(list)}, {"forgotten", asked.state.losers_forgotten()}};
  if (more) answer["next"] = after;
  return answer;
}

// A record, or a key that is none: what its state is.
Json about_key(const Asked& asked, char kind, std::string_view key, std::string_view bytes) {
  Json one{{"record", key}};
  if (kind == 's') {
    const auto other = State::decode_other(bytes);
    one["state"] = word(other.standing);
    if (!other.record.empty()) one["into"] = asked.state.resolve_alias(other.record);
    return one;
  }
  const auto record = Record::decode(std::string(bytes));
  one["state"] = word(record.standing);
  one["version"] = record.version;
  one["deleted"] = record.deleted;
  return one;
}

// First the records, then the keys that have none; `after` and `next` are the host's keys.
Json records(const Asked& asked) {
  const auto state = asked.text("state");
  const auto after = asked.text("after");
  auto list = Json::array();
  std::string last;
  std::size_t seen = 0;
  bool more = false;
  for (const char kind : {'r', 's'}) {
    if (more || (!after.empty() && after.front() > kind)) continue;
    const std::string prefix(1, kind);
    const auto from = after.starts_with(kind) ? after + '\0' : prefix;
    asked.step.scan(prefix, from, [&](std::string_view key, std::string_view bytes) {
      more = seen == portion;
      if (more) return false;
      ++seen;
      last = key;
      auto one = about_key(asked, kind, key.substr(1), bytes);
      if (state.empty() || one["state"] == state) list.push_back(std::move(one));
      return true;
    });
  }
  Json answer{{"records", std::move(list)}};
  if (more) answer["next"] = last;
  return answer;
}

Json reinstatement(const Asked& asked, std::string_view about) {
  const auto wanted = find_wanted(asked.options, asked.state, asked.losses, about);
  if (!wanted.refused.empty()) return {{"refused", wanted.refused}};
  return {{"record", wanted.op.key}, {"fields", fields_json(wanted.op.fields)}};
}

Json answer_of(const Asked& asked, std::string_view what, std::string_view about) {
  if (what == "losers") return losers(asked);
  if (what == "records") return records(asked);
  if (what == "reinstate") return reinstatement(asked, about);
  return {{"refused", "a policy 'conflict' answers losers, records and reinstate"}};
}

}  // namespace

void answer(const Options& options, plugin::Step& step, std::string_view what,
            std::string_view about) {
  Counters counters(step);
  State state(step, counters);
  Losses losses(step);
  const Asked asked{options, step, state, losses, parse_object(about)};
  step.explain(answer_of(asked, what, about).dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace bascule::conflict
