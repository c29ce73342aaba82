// What a connection takes in, packet by packet.
#include "link/native/inbox.hpp"

#include <doctest/doctest.h>

#include "support/bytes.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

Frame frame_of(std::string& packet) { return next_frame(packet, 1 << 20); }

std::string publish(int qos, int id, const std::string& payload) {
  const auto body =
      text("in/a") + (qos > 0 ? bytes({id >> 8, id & 255}) : "") + bytes({0}) + payload;
  return bytes({0x30 | qos << 1, static_cast<int>(body.size())}) + body;
}

}  // namespace

TEST_CASE("inbox: each delivery is answered in its own way, once it is durable") {
  Unacknowledged unacknowledged;
  Inbox inbox(Protocol::v5, unacknowledged);
  std::string packets[] = {publish(0, 0, "a"), publish(1, 7, "b"), publish(2, 8, "c")};
  for (auto& packet : packets) CHECK(inbox.take_publish(frame_of(packet)));
  inbox.take_pubrel({9, 0, {}}, 4);
  REQUIRE(inbox.deliveries().size() == 4);
  CHECK(inbox.deliveries()[1].message.payload == "b");
  CHECK(inbox.deliveries()[1].tag == 2);
  CHECK(inbox.deliveries()[3].released);
  CHECK(inbox.deliveries()[3].packet_id == 9);
  inbox.clear();
  CHECK(inbox.deliveries().empty());
  CHECK(inbox.unacknowledged() == 4);
  std::string out;
  inbox.acknowledge(2, out);
  CHECK(out == bytes({0x40, 2, 0, 7}));
  inbox.acknowledge(4, out);
  CHECK(out == bytes({0x40, 2, 0, 7}) + bytes({0x50, 2, 0, 8}) + bytes({0x70, 2, 0, 9}));
  CHECK(inbox.unacknowledged() == 0);
}

TEST_CASE("inbox: a packet that breaks the rules is no delivery") {
  Unacknowledged unacknowledged;
  Inbox inbox(Protocol::v5, unacknowledged);
  std::string packet = publish(1, 0, "x");  // no packet id
  CHECK_FALSE(inbox.take_publish(frame_of(packet)));
  CHECK(inbox.deliveries().empty());
  CHECK(inbox.unacknowledged() == 0);
}

TEST_CASE("inbox: with so many unacknowledged, or so much, it is full") {
  Unacknowledged unacknowledged;
  Inbox inbox(Protocol::v5, unacknowledged);
  for (int i = 0; i < 9'999; ++i) inbox.take_pubrel({1, 0, {}}, 4);
  CHECK_FALSE(inbox.full());
  inbox.take_pubrel({1, 0, {}}, 4);
  CHECK(inbox.full());
  std::string out;
  inbox.acknowledge(10'000, out);
  CHECK_FALSE(inbox.full());
  inbox.take_pubrel({1, 0, {}}, 16 << 20);
  CHECK(inbox.full());
}
