// Decisions a second over the host in memory: 100,000 records of 1 KiB. No test runs it.
#include <benchmark/benchmark.h>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

namespace {

constexpr int records = 100'000;

Json big_fields() {
  auto fields = Json::object();
  for (int i = 0; i < 16; ++i) fields["field" + std::to_string(i)] = std::string(50, 'x');
  return fields;
}

Hub& hub_with_records(const std::string& strategy) {
  static std::map<std::string, std::unique_ptr<Hub>> hubs;
  auto& hub = hubs[strategy];
  if (hub) return *hub;
  hub = std::make_unique<Hub>(Json{{"strategy", strategy}, {"topics", {{"history", nullptr}}}});
  for (int i = 0; i < records; ++i) {
    hub->give({.site = "S",
               .number = std::uint64_t(i) + 1,
               .fields = big_fields(),
               .base = -1,
               .at = monday - day,
               .record = std::to_string(i)});
  }
  return *hub;
}

void forget(Hub& hub) {
  hub.sent.clear();
  hub.conflicts.clear();
  hub.verdicts.clear();
}

// One field of a record that the author had seen, or, `concurrent`, had not seen the last edit of.
void decide(benchmark::State& state, const std::string& strategy, bool concurrent) {
  auto& hub = hub_with_records(strategy);
  static std::uint64_t number = 1'000'000;
  std::vector<Message> messages;
  std::size_t next = 0;
  for (auto _ : state) {
    if (next == messages.size()) {
      state.PauseTiming();
      forget(hub);
      messages.clear();
      next = 0;
      for (int i = 0; i < 10'000; ++i, ++number) {
        const auto record = std::to_string(number * 7919 % records);
        messages.push_back(
            hub.as_message({.site = number % 2 == 0 ? "A" : "B",
                            .number = number,
                            .fields = {{"field" + std::to_string(number % 16), "value"}},
                            .base = concurrent ? 0 : hub.version(record),
                            .at = monday + std::int64_t(number),
                            .record = record},
                           monday + 4 * day));
      }
      state.ResumeTiming();
    }
    const MemoryHost::DecideInCpp step = [&](plugin::Step& its_step, const plugin::Input& input) {
      conflict::decide_at_authority(hub.options, its_step, input);
    };
    if (!hub.host.step(step, messages[next++])) state.SkipWithError(hub.host.failure.c_str());
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(decide, last_writer_wins, "last-writer-wins", false);
BENCHMARK_CAPTURE(decide, last_writer_wins_concurrent, "last-writer-wins", true);
BENCHMARK_CAPTURE(decide, field_merge, "field-merge", false);
BENCHMARK_CAPTURE(decide, expected_version, "expected-version", false);

}  // namespace

}  // namespace bascule::test

BENCHMARK_MAIN();
