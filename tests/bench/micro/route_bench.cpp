// The routing table: what it costs to find a topic's route and target, by the number of routes
// before the one that takes it. The last is to cost no more than twice the first.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "route/route.hpp"

namespace bascule {
namespace {

Route route(const std::string& device) {
  Route made;
  made.name = device;
  made.from = device + "/{unit}/{rest...}";
  made.to = "stores/{bridge.id}/" + device + "/{unit}/{rest...}";
  return made;
}

void match(benchmark::State& state) {
  std::vector<Route> routes;
  for (int i = 1; i < state.range(0); ++i) routes.push_back(route("device" + std::to_string(i)));
  routes.push_back(route("pos"));
  const RouteTable table(routes, Direction::up, "store-42");
  RouteMatch found;
  for (auto _ : state) {
    const bool taken = table.match("pos/till-1/sale", found);
    benchmark::DoNotOptimize(taken);
    benchmark::DoNotOptimize(found.topic.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(match)->Arg(1)->Arg(10)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace bascule
