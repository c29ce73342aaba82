#include "receive.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "tally.hpp"

namespace load {

namespace {

bool granted(const Packet& suback) {
  if (suback.body.empty() || static_cast<unsigned char>(suback.body.back()) >= 0x80) {
    throw std::runtime_error("the broker refused the subscription");
  }
  return true;
}

}  // namespace

bool receive(const ReceiveSettings& settings) {
  Client client(settings.client);
  append_subscribe(client.out(), client.protocol(), settings.filter);
  bool subscribed = false;  // what a session has kept may come before the answer
  Tally tally(settings.count);
  auto until_ns = now_ns() + settings.quiet_s * 1'000'000'000;
  while (now_ns() < until_ns && !(subscribed && settings.count == 0)) {
    client.turn(until_ns);
    const auto now = now_ns();
    while (const auto packet = client.next()) {
      if (!tally.complete()) until_ns = now + settings.quiet_s * 1'000'000'000;
      if (packet->type == 9) {
        subscribed = granted(*packet);
        std::printf("ready\n");
        std::fflush(stdout);
      }
      if (packet->type != 3) continue;
      const auto publish = read_publish(client.protocol(), *packet);
      if (publish.packet_id != 0) append_puback(client.out(), publish.packet_id);
      tally.add(publish, now);
      if (tally.complete()) until_ns = std::min(until_ns, now + settings.linger_ms * 1'000'000);
    }
  }
  client.turn(0);
  client.disconnect();
  if (settings.count > 0) tally.print();
  return tally.complete();
}

}  // namespace load
