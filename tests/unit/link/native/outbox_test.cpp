// What a connection sends of publishes, and what it makes of the answers.
#include "link/native/outbox.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "support/bytes.hpp"

using namespace bascule;
using namespace bascule::test;
using Kind = Outcome::Kind;

namespace {

struct Buffer : Wire {
  std::string& out() override { return bytes; }
  std::uint64_t position() const override { return bytes.size(); }
  std::string take() { return std::exchange(bytes, {}); }
  std::string bytes;
};

struct Case {
  bool publish(std::uint64_t tag, Qos qos, std::uint16_t id = 0,
               Outgoing::Stage stage = Outgoing::Stage::fresh) {
    const Outgoing out{{"t", payload, {}, qos, false}, tag, id, stage};
    return outbox.publish({&out, 1}, now);
  }
  bool take(PacketType type, std::uint16_t id, std::uint8_t reason = 0) {
    return outbox.take(type, {id, reason, {}}, now);
  }
  // The kinds of what has had its outcome, by tag.
  std::vector<std::pair<std::uint64_t, Kind>> outcomes() {
    std::vector<Outcome> list;
    publishes.take(list);
    std::vector<std::pair<std::uint64_t, Kind>> kinds;
    for (const auto& outcome : list) kinds.emplace_back(outcome.tag, outcome.kind);
    return kinds;
  }

  using Outcomes = std::vector<std::pair<std::uint64_t, Kind>>;
  std::string payload = "x";
  Outbox::Time now;
  InFlight publishes;
  Buffer wire;
  Outbox outbox{Protocol::v5, publishes, wire};
};

std::string published(int flags, int id) {
  return bytes({0x30 | flags, 7}) + text("t") + bytes({id >> 8, id & 255, 0}) + "x";
}
std::string pubrel(int id) { return bytes({0x62, 2, id >> 8, id & 255}); }
constexpr int id_2 = first_claimable_id;

}  // namespace

TEST_CASE("outbox: no more than the broker's Receive Maximum is on its way; the rest waits") {
  Case c;
  c.outbox.limit(2, 1'000);
  for (std::uint64_t tag = 1; tag <= 3; ++tag) CHECK(c.publish(tag, Qos::at_least_once));
  CHECK(c.wire.take() == published(2, 1) + published(2, 2));
  CHECK(c.outbox.last_sent() == 2);
  CHECK_FALSE(c.take(PacketType::puback, 3));  // which has not gone out yet
  CHECK(c.take(PacketType::puback, 2));
  c.outbox.send_waiting();
  CHECK(c.wire.take() == published(2, 3));
  CHECK(c.outbox.last_sent() == 3);
  CHECK(c.outcomes() == Case::Outcomes{{2, Kind::accepted}});
}

TEST_CASE("outbox: QoS 0 is accepted when it is written") {
  Case c;
  c.publish(1, Qos::at_most_once);
  const auto end = c.wire.position();
  c.publish(2, Qos::at_most_once);
  CHECK_FALSE(c.outbox.written(end - 1, c.now));
  CHECK(c.outbox.written(end, c.now));
  CHECK(c.outcomes() == Case::Outcomes{{1, Kind::accepted}});
}

TEST_CASE("outbox: a handshake of QoS 2 goes on only when its PUBREC is durable") {
  Case c;
  c.publish(1, Qos::exactly_once, id_2);
  CHECK(c.wire.take() == published(4, id_2));
  CHECK_FALSE(c.outbox.release(id_2, c.now));  // PUBREC has not come
  CHECK_FALSE(c.take(PacketType::pubcomp, id_2));
  CHECK(c.take(PacketType::pubrec, id_2));
  CHECK_FALSE(c.take(PacketType::pubrec, id_2));
  CHECK(c.wire.take().empty());
  CHECK(c.outbox.release(id_2, c.now));
  CHECK(c.wire.take() == pubrel(id_2));
  CHECK(c.take(PacketType::pubcomp, id_2, 0x92));  // it does not know the id any more: done
  CHECK(c.outcomes() == Case::Outcomes{{1, Kind::received}, {1, Kind::accepted}});
}

TEST_CASE("outbox: what an earlier connection left half done is resent or released") {
  Case c;
  c.publish(1, Qos::exactly_once, id_2, Outgoing::Stage::resent);
  c.publish(2, Qos::exactly_once, id_2 + 1, Outgoing::Stage::received);
  CHECK(c.wire.take() == published(0xc, id_2) + pubrel(id_2 + 1));
  CHECK(c.take(PacketType::pubcomp, id_2 + 1));
  CHECK(c.outcomes() == Case::Outcomes{{2, Kind::accepted}});
}

TEST_CASE("outbox: a broker that does not know QoS 2 may answer it with PUBACK") {
  Case c;
  c.publish(1, Qos::exactly_once, id_2);
  CHECK(c.take(PacketType::puback, id_2));
  CHECK(c.outcomes() == Case::Outcomes{{1, Kind::accepted}});
}

TEST_CASE("outbox: a refusal is told, and so is a packet that is larger than the broker takes") {
  Case c;
  c.outbox.limit(10, 20);
  CHECK(c.publish(1, Qos::at_least_once));
  CHECK(c.publish(2, Qos::exactly_once, id_2));
  c.payload = std::string(20, 'x');
  CHECK_FALSE(c.publish(3, Qos::at_least_once));
  CHECK(c.take(PacketType::puback, 1, 0x87));
  CHECK(c.take(PacketType::pubrec, id_2, 0x97));
  CHECK(c.outcomes() == Case::Outcomes{{3, Kind::refused}, {1, Kind::refused}, {2, Kind::refused}});
}
