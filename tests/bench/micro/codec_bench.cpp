// The codec of the native link: what it costs to take a PUBLISH apart and to put one together.
#include <benchmark/benchmark.h>

#include <string>

#include "link/codec/decode.hpp"
#include "link/codec/encode.hpp"
#include "link/codec/packet.hpp"
#include "message/properties.hpp"
#include "message/stamp.hpp"

namespace bascule {
namespace {

constexpr std::string_view topic = "stores/store-42/pos/till-1/sale";

Message message(const std::string& payload, std::string_view properties = {}) {
  return {topic, payload, properties, Qos::at_least_once, false};
}

std::string stamped() {
  std::string block;
  Prover prover;
  restamp(message("x"), {"store-42", "5f3a9c1e0d2b4a67", "default", 123'456, 1'763'817'600'123}, 0,
          prover, block);
  return block;
}

void encode_publish(benchmark::State& state) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  const std::string properties = stamped();
  const Message out = message(payload, properties);
  std::string buffer;
  for (auto _ : state) {
    buffer.clear();
    append_publish(buffer, Protocol::v5, out, 7);
    benchmark::DoNotOptimize(buffer.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_publish)->Arg(200)->Arg(10 << 10);

void decode_publish(benchmark::State& state) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  const std::string properties = stamped();
  std::string packet;
  append_publish(packet, Protocol::v5, message(payload, properties), 7);
  for (auto _ : state) {
    const Frame frame = next_frame(packet, 1 << 20);
    Delivery delivery;
    const bool good = decode_publish(frame.flags, frame.body, Protocol::v5, delivery);
    benchmark::DoNotOptimize(good);
    benchmark::DoNotOptimize(delivery);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_publish)->Arg(200)->Arg(10 << 10);

// The second argument: with a key.
void write_stamp(benchmark::State& state) {
  const Stamp stamp{"store-42", "5f3a9c1e0d2b4a67", "default", 123'456, 1'763'817'600'123};
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  Prover prover(state.range(1) ? "a key that all the bridges share" : "");
  std::string block;
  for (auto _ : state) {
    restamp(message(payload), stamp, 0, prover, block);
    benchmark::DoNotOptimize(block.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(write_stamp)->ArgsProduct({{200, 10 << 10}, {0, 1}});

void prove_stamp(benchmark::State& state) {
  const Stamp stamp{"store-42", "5f3a9c1e0d2b4a67", "default", 123'456, 1'763'817'600'123};
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  Prover prover(state.range(1) ? "a key that all the bridges share" : "");
  std::string block;
  restamp(message(payload), stamp, 0, prover, block);
  const Message stamped = message(payload, block);
  for (auto _ : state) {
    const auto proven = proven_stamp(find_stamp(block), stamped, prover);
    benchmark::DoNotOptimize(proven);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(prove_stamp)->ArgsProduct({{200, 10 << 10}, {0, 1}});

}  // namespace
}  // namespace bascule
