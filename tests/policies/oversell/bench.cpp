// Answers per second of one instance, with its state in memory: what the policy itself costs.
// Prints the rate, the 99th percentile of a single answer, and what a sale takes of the state.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "policies/oversell/world.hpp"

namespace {

using namespace bascule::oversell::test;
using bascule::oversell::Json;
using Clock = std::chrono::steady_clock;

void measure(const char* what, PolicyBox& box, const Given& given, int count) {
  std::vector<double> micros;
  micros.reserve(static_cast<std::size_t>(count));
  const auto start = Clock::now();
  for (int i = 0; i < count; ++i) {
    const auto before = Clock::now();
    box.step(given);
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::sort(micros.begin(), micros.end());
  std::printf("%-28s %8.0f requests/s   median %6.1f us   p99 %6.1f us\n", what, count / seconds,
              micros[micros.size() / 2], micros[micros.size() * 99 / 100]);
}

Given request(const char* topic) {
  Given given;
  given.topic = topic;
  given.payload = R"({"quantity":1,"ref":"badge 7"})";
  given.response_topic = "devices/till/answers";
  given.correlation = "17";
  return given;
}

void print_state(const char* what, const PolicyBox& box, int sales) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : box.state) bytes += key.size() + value.size();
  std::printf("%-28s %zu keys, %zu bytes; %.0f bytes a sale\n", what, box.state.size(), bytes,
              static_cast<double>(bytes) / sales);
}

// Sold while cut off, then settled; what is settled stays `remember`ed.
void print_states() {
  constexpr int sales = 1000;
  World world({{"role", "authority"}, {"items", {{"show", {{"capacity", 100'000}}}}}}, {"a"},
              {{"role", "site"}});
  world.pump();
  world.cut("a");
  for (int i = 0; i < sales; ++i) world.ask("a", std::to_string(i), 1);
  print_state("state of the site, cut off", world.sites.at("a").box, sales);
  world.join("a");
  world.pump();
  world.advance(world.now_ms + 60'000);
  print_state("state of the site, settled", world.sites.at("a").box, sales);
  print_state("state of the authority", world.hub, sales);
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 20'000;
  World world({{"role", "authority"}, {"items", {{"show", {{"capacity", 100'000'000}}}}}}, {"a"},
              {{"role", "site"}});
  world.pump();
  measure("site, refused, no snapshot", world.sites.at("a").box, request("seats/other/request"), 1);
  measure("authority, online", world.hub, request("seats/show/request"), count);
  world.cut("a");
  measure("site, cut off, sells", world.sites.at("a").box, request("seats/show/request"), count);
  print_states();
}
