#include "journal/lane/record.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "message/properties.hpp"
#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr LaneId lane = 3;

// Three records, sealed from sequence 10 on after a record with checksum 99.
struct Sealed {
  std::string data;
  std::vector<std::size_t> at;
  Sealed() {
    std::uint32_t chain = 99;
    for (int i = 0; i < 3; ++i) {
      at.push_back(data.size());
      const std::string payload(static_cast<std::size_t>(i * 5), 'x');
      encode_record({"a/b", payload, {}, Qos::exactly_once, i == 1}, {7, 8, 0}, false, data);
      chain = seal_record(data.data() + at.back(), 5, lane, 10 + static_cast<unsigned>(i), chain);
    }
  }
};

int readable(std::string_view data, LaneId in = lane, std::uint64_t first = 10,
             std::uint32_t chain = 99) {
  RecordReader reader(in, first, chain, data, RecordReader::Check::checksums);
  int count = 0;
  while (reader.next()) ++count;
  return reader.ok() ? count : -1;
}

}  // namespace

TEST_CASE("record: a message comes back as it was written") {
  check_property("round trip", [](const std::string& topic, const std::string& properties,
                                  const std::string& payload, bool retain, bool stamped) {
    const auto qos = static_cast<Qos>(*rc::gen::inRange(0, 3));
    std::string bytes;
    encode_record({topic, payload, properties, qos, retain}, {0xDEADBEEF, 65'535, 0}, stamped,
                  bytes);
    const Record plain = read_record(bytes);
    const std::uint32_t crc = seal_record(bytes.data(), 77, lane, 1, 0);
    RecordReader reader(lane, 1, 0, bytes, RecordReader::Check::checksums);
    const auto record = reader.next();
    RC_ASSERT(record.has_value());
    for (const Record& read : {plain, *record}) {
      RC_ASSERT(read.message.topic == topic);
      RC_ASSERT(read.message.properties == properties);
      RC_ASSERT(read.message.payload == payload);
      RC_ASSERT(read.message.qos == qos);
      RC_ASSERT(read.message.retain == retain);
      RC_ASSERT(read.stamped == stamped);
      RC_ASSERT(read.receipt.digest == 0xDEADBEEF);
      RC_ASSERT(read.receipt.packet_id == 65'535);
      RC_ASSERT(read.size == bytes.size());
    }
    RC_ASSERT(record->receipt.session == 77);
    RC_ASSERT(record->crc == crc);
    RC_ASSERT(!reader.next());
    RC_ASSERT(reader.ok());
  });
}

TEST_CASE("record: records in their place are read in order") {
  const Sealed sealed;
  CHECK(readable(sealed.data) == 3);
  RecordReader reader(lane, 10, 99, sealed.data, RecordReader::Check::lengths);
  for (std::uint64_t sequence = 10; sequence < 13; ++sequence) {
    const auto record = reader.next();
    REQUIRE(record);
    CHECK(record->sequence == sequence);
  }
  CHECK(reader.next_sequence() == 13);
}

TEST_CASE("record: in another lane, place or chain its checksum is wrong") {
  const Sealed sealed;
  CHECK(readable(sealed.data, lane + 1) == -1);
  CHECK(readable(sealed.data, lane, 11) == -1);
  CHECK(readable(sealed.data, lane, 10, 98) == -1);
  CHECK(readable(sealed.data.substr(sealed.at[1])) == -1);
}

TEST_CASE("record: every flipped bit is noticed") {
  const Sealed sealed;
  for (std::size_t bit = 0; bit < sealed.data.size() * 8; ++bit) {
    std::string data = sealed.data;
    data[bit / 8] = static_cast<char>(data[bit / 8] ^ (1 << bit % 8));
    CAPTURE(bit);
    CHECK(readable(data) == -1);
  }
}

TEST_CASE("record: a torn end is noticed at every byte but those between records") {
  const Sealed sealed;
  for (std::size_t size = 0; size < sealed.data.size(); ++size) {
    CAPTURE(size);
    int whole = -1;
    for (int i = 0; i < 3; ++i) {
      if (size == sealed.at[static_cast<std::size_t>(i)]) whole = i;
    }
    CHECK(readable(sealed.data.substr(0, size)) == whole);
  }
}

TEST_CASE("record: a digest is of topic, properties and payload, but not of the expiry") {
  std::string brief, lasting, other;
  append_property(other, {PropertyId::content_type, 0, {}, "text"});
  append_property(brief, {PropertyId::message_expiry, 5, {}, {}});
  append_property(lasting, {PropertyId::message_expiry, 500, {}, {}});
  const auto digest = [](std::string_view topic, std::string_view payload,
                         std::string_view properties) {
    return digest_of({topic, payload, properties, Qos::at_least_once, false});
  };
  CHECK(digest("t", "p", brief + other) == digest("t", "p", other + lasting));
  CHECK(digest("t", "p", brief) == digest("t", "p", {}));
  CHECK(digest("t", "p", other) != digest("t", "p", {}));
  CHECK(digest("t", "q", brief) != digest("t", "p", brief));
  CHECK(digest("u", "p", brief) != digest("t", "p", brief));
}
