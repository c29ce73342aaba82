// What a message costs in the policy itself, with its state in memory.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "policies/transform/box.hpp"

namespace {

using namespace bascule::transform::test;
using Clock = std::chrono::steady_clock;

void measure(const char* what, const char* steps, int count) {
  auto box =
      Box::of(std::string(R"({"from": "line/{line}/{sensor}", "to": "to/{line}", "steps": [)") +
              steps + "]}");
  std::vector<std::string> topics;
  for (int i = 0; i < 1000; ++i) {
    topics.push_back("line/" + std::to_string(i % 10) + "/" + std::to_string(i));
  }
  std::vector<double> micros;
  micros.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const auto payload = R"({"temperature":)" + std::to_string(i % 100) + R"(.5,"quality":"good"})";
    const auto before = Clock::now();
    box.take(topics[static_cast<std::size_t>(i) % topics.size()], payload);
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
  }
  double sum = 0;
  for (const double one : micros) sum += one;
  std::sort(micros.begin(), micros.end());
  std::printf("%-34s mean %6.2f us   median %6.2f us   p99 %6.2f us\n", what, sum / count,
              micros[micros.size() / 2], micros[micros.size() * 99 / 100]);
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const char* envelope = R"({"envelope": {"ts": "{time_ms}", "values": "{payload}"}})";
  measure("drop that holds never", R"({"drop": {"at": "/quality", "is": "bad"}})", count);
  measure("drop that holds always", R"({"drop": {"at": "/quality", "is": "good"}})", count);
  measure("scale", R"({"scale": {"at": "/temperature", "by": 1.8, "offset": 32, "decimals": 1}})",
          count);
  measure("envelope", envelope, count);
  measure("deadband that all pass",
          R"({"deadband": {"at": "/temperature", "within": 0, "or_after": "1ms"}})", count);
  measure("deadband that none pass", R"({"deadband": {"at": "/temperature", "within": 1000}})",
          count);
  const auto batch = std::string(envelope) + R"(, {"batch": {"count": 100, "per": "{line}"}})";
  measure("envelope, batch of 100", batch.c_str(), count);
  const auto all = R"({"deadband": {"at": "/temperature", "within": 0}},)" + batch +
                   R"(, {"envelope": {"{line}": "{payload}"}})";
  measure("deadband, envelope, batch, envelope", all.c_str(), count);
}
