#include "link/native/oversized.hpp"

#include <doctest/doctest.h>

#include "support/bytes.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

// The SHA-256 of a million times "a", from FIPS 180-2.
constexpr const char* million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

std::string publish(const std::string& head, std::size_t payload) {
  auto length = head.size() + payload;
  std::string packet = bytes({0x3b});  // QoS 1, DUP, retained
  for (; length >= 0x80; length >>= 7) packet += static_cast<char>((length & 0x7f) | 0x80);
  return packet + static_cast<char>(length) + head + std::string(payload, 'a');
}

bool read(std::string packet, std::size_t step, Protocol version, Oversized*& kept,
          Delivery& delivery) {
  const auto frame = next_frame(packet, 1'000);
  REQUIRE(frame.state == Frame::State::too_large);
  kept = new Oversized(frame, version);
  packet += "next";
  std::string_view rest = packet;
  while (!kept->done()) {
    const auto some = rest.substr(0, step);
    rest.remove_prefix(kept->take({some.data(), some.size()}));
  }
  CHECK(rest == "next");
  return kept->read(delivery);
}

}  // namespace

TEST_CASE("oversized: of a message too large it is told what, how large and which") {
  const auto head = text("in/a") + bytes({0, 7, 2, 1, 1});
  for (const std::size_t step : {1'000'100u, 4'096u, 7u}) {
    Oversized* packet = nullptr;
    Delivery delivery;
    REQUIRE(read(publish(head, 1'000'000), step, Protocol::v5, packet, delivery));
    const std::unique_ptr<Oversized> owner(packet);
    CHECK(delivery.message.topic == "in/a");
    CHECK(delivery.message.properties == bytes({1, 1}));
    CHECK(delivery.message.payload == std::string(64 << 10, 'a'));
    CHECK(delivery.message.retain);
    CHECK(delivery.packet_id == 7);
    CHECK(delivery.duplicate);
    CHECK(delivery.whole_bytes == 1'000'000);
    CHECK(delivery.digest == million);
  }
}

TEST_CASE("oversized: properties larger than what is kept are passed by") {
  const std::size_t large = 400'000;
  std::string head = text("t") + bytes({0, 7});
  auto length = large;
  for (; length >= 0x80; length >>= 7) head += static_cast<char>((length & 0x7f) | 0x80);
  head += static_cast<char>(length);
  Oversized* packet = nullptr;
  Delivery delivery;
  REQUIRE(read(publish(head + std::string(large, 'p'), 1'000'000), 10'000, Protocol::v5, packet,
               delivery));
  const std::unique_ptr<Oversized> owner(packet);
  CHECK(delivery.message.properties.empty());
  CHECK(delivery.packet_id == 7);
  CHECK(delivery.whole_bytes == 1'000'000);
  CHECK(delivery.digest == million);
}

TEST_CASE("oversized: a packet that breaks the rules is none") {
  Oversized* packet = nullptr;
  Delivery delivery;
  CHECK_FALSE(read(publish(text("t") + bytes({0, 0}), 2'000), 100, Protocol::v3_1_1, packet,
                   delivery));  // no packet id
  delete packet;
}
