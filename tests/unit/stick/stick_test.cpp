#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "message/proof.hpp"
#include "message/properties.hpp"
#include "stick/carrier.hpp"
#include "stick/layout.hpp"
#include "stick/stick_reader.hpp"
#include "stick/stick_writer.hpp"
#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

struct Kept {
  std::string lane, topic, payload, properties;
  std::uint64_t sequence = 0;
  int qos = 0;
  bool retain = false;
  bool operator==(const Kept&) const = default;
};

StickHead head() {
  return {"store-42",
          "5f3a9c1e0d2b4a67",
          "",
          "bascule/store-42/bookmark/up",
          "bascule/store-42/state",
          1'763'817'600'123,
          true,
          {{"default", 3}}};
}

std::string written(const std::vector<Kept>& messages, bool ended = true) {
  std::string file;
  StickWriter writer(head(), "1.2.3", [&](std::string_view bytes) { file.append(bytes); });
  std::string lane;
  for (const Kept& one : messages) {
    if (one.lane != lane) writer.lane({lane = one.lane, 1, 1'000, 0});
    writer.message(
        {one.sequence,
         1'000,
         {one.topic, one.payload, one.properties, static_cast<Qos>(one.qos), one.retain}});
  }
  if (ended) writer.end();
  return file;
}

StickReader::Source from_file(std::string_view file) {
  return [file](char* to, std::size_t most) mutable {
    const std::size_t count = std::min(most, file.size());
    std::memcpy(to, file.data(), count);
    file.remove_prefix(count);
    return count;
  };
}

std::vector<Kept> read(std::string_view file) {
  StickReader reader(from_file(file));
  std::vector<Kept> messages;
  while (true) {
    const StickReader::Next next = reader.next();
    if (next == StickReader::Next::end) return messages;
    if (next == StickReader::Next::lane) continue;
    const StickMessage& one = reader.message();
    messages.push_back({reader.lane().name, std::string(one.message.topic),
                        std::string(one.message.payload), std::string(one.message.properties),
                        one.sequence, static_cast<int>(one.message.qos), one.message.retain});
  }
}

std::vector<Kept> some() {
  return {{"default", "a/b", "one", "", 4, 1, false},
          {"default", "a/c", std::string("\0two", 4), "", 7, 2, true},
          {"sales", "s", "", "", 1, 0, false}};
}

}  // namespace

TEST_CASE("stick: what is written is read, message by message") {
  CHECK(read(written(some())) == some());
  CHECK(read(written({})).empty());
  check_property("any payload", [] {
    const auto payload = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    const std::vector<Kept> one{{"default", *topics(), payload, "", 9, 1, true}};
    if (one[0].topic.starts_with('$') || one[0].topic.empty()) return;
    RC_ASSERT(read(written(one)) == one);
  });
}

TEST_CASE("stick: each bit that is another, each byte that is missing or too many, is noticed") {
  const std::string file = written(some());
  std::size_t noticed = 0;
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = file;
      other[at] = static_cast<char>(other[at] ^ (1 << bit));
      CAPTURE(at);
      CAPTURE(bit);
      std::vector<Kept> messages;
      try {
        messages = read(other);
      } catch (const StickError&) {
        ++noticed;
        continue;
      }
      CHECK(messages == some());  // some bits of zstd's frame mean nothing
    }
    CHECK_THROWS_AS(read(std::string_view(file).substr(0, at)), StickError);
  }
  CHECK(noticed > file.size() * 7);
  CHECK_THROWS_AS(read(file + "x"), StickError);
  CHECK_THROWS_AS(read(file + file), StickError);
  CHECK_THROWS_AS(read(written(some(), false)), StickError);
  CHECK_THROWS_WITH_AS(read("hello, this is no stick"),
                       "that is nothing that 'bascule journal export' has written", StickError);
}

TEST_CASE("stick: who has the key proves the whole of it, and nobody else") {
  Prover ours("the key that is ours, long enough"), theirs("the key that is theirs, long enough");
  Prover none;
  const auto made = [](Prover* key, std::uint64_t last) {
    std::string file;
    StickWriter writer(head(), "1.2.3", [&](std::string_view bytes) { file.append(bytes); });
    writer.lane({"default", 1, last, 0});  // without a message: all of it is accounted for
    writer.end(key);
    return file;
  };
  const auto proven = [](std::string_view file, Prover& key) {
    StickReader reader(from_file(file));
    while (reader.next() != StickReader::Next::end) {
    }
    return reader.proven(key);
  };
  CHECK(proven(made(&ours, 9), ours));
  CHECK_FALSE(proven(made(&theirs, 9), ours));
  CHECK_FALSE(proven(made(&none, 9), ours));
  CHECK_FALSE(proven(made(nullptr, 9), ours));
  CHECK(made(&ours, 9) != made(&ours, 10));
}

TEST_CASE("stick: a head with a topic that is none, or a name that no stamp has, is refused") {
  const auto refused = [](const StickHead& one) {
    std::string file;
    StickWriter writer(one, "1.2.3", [&](std::string_view bytes) { file.append(bytes); });
    writer.end();
    CHECK_THROWS_AS(StickReader(from_file(file)), StickError);
  };
  for (const char* topic : {"#", "bascule/+/state", "$share/a/bascule/store-42/state"}) {
    StickHead bookmark = head(), state = head();
    bookmark.bookmark = state.state = topic;
    refused(bookmark);
    refused(state);
  }
  StickHead bridge = head(), epoch = head();
  bridge.bridge = "store-42\x1b[2J";
  epoch.epoch = "x";
  refused(bridge);
  refused(epoch);
  CHECK_THROWS_AS(read(written({{"a/b", "t", "", "", 5, 1, false}})), StickError);
}

TEST_CASE("stick: what is no message is 1 MiB long at most") {
  std::string file;
  StickWriter writer(head(), "1.2.3", [&](std::string_view bytes) { file.append(bytes); });
  CHECK_THROWS_AS(writer.lane({std::string(std::size_t{1} << 20, 'x'), 1, 9, 0}), StickError);
  const std::vector<Kept> large{
      {"default", "t", std::string(std::size_t{2} << 20, 'x'), "", 4, 1, false}};
  CHECK(read(written(large)) == large);
}

// Of a frame whose bytes are not there: before they are waited for, or memory is taken for them.
TEST_CASE("stick: a reader believes no length that is too high") {
  const auto frame = [](char letter, std::uint32_t length) {
    std::string content{stick_magic};
    for (int i = 0; i < 4; ++i) content.push_back(static_cast<char>(length >> 8 * i));
    content.push_back(letter);
    // One zstd frame (RFC 8878): its size in a byte, and one raw block, which is the last.
    const auto size = static_cast<unsigned>(content.size());
    std::string file = "\x28\xb5\x2f\xfd\x20";
    file.push_back(static_cast<char>(size));
    file.push_back(static_cast<char>(size << 3 | 1));
    return file + std::string(2, '\0') + content;
  };
  const char* const too_long = "the stick is damaged (a length): copy it again, or export again";
  const char* const cut =
      "the stick is damaged (it ends too early): copy it again, or export again";
  CHECK_THROWS_WITH_AS(StickReader(from_file(frame('H', (1U << 20) + 1))), too_long, StickError);
  CHECK_THROWS_WITH_AS(StickReader(from_file(frame('E', (1U << 20) + 1))), too_long, StickError);
  CHECK_THROWS_WITH_AS(StickReader(from_file(frame('H', 1U << 20))), cut, StickError);
  CHECK_THROWS_WITH_AS(StickReader(from_file(frame('M', (300U << 20) + 1))), too_long, StickError);
}

TEST_CASE("stick: what is not in its lane's order, or cannot be a message, is refused") {
  CHECK_THROWS_AS(read(written({{"a", "t", "", "", 5, 1, false}, {"a", "t", "", "", 5, 1, false}})),
                  StickError);
  CHECK_THROWS_AS(read(written({{"a", "t", "", "", 1'001, 1, false}})), StickError);
  CHECK_THROWS_AS(read(written({{"a", "t/#", "", "", 5, 1, false}})), StickError);
  CHECK_THROWS_AS(read(written({{"a", "t", "", "rubbish", 5, 1, false}})), StickError);
}

TEST_CASE("stick: of an expiry what has passed is taken off, and one second is left at least") {
  std::string block;
  append_property(block, {PropertyId::message_expiry, 60, {}, {}});
  append_property(block, {PropertyId::user_property, 0, "a", "b"});
  const auto left = aged(block, 20'500);
  CHECK(message_expiry_s(left) == 40);
  CHECK(user_property(left, "a") == "b");
  CHECK(message_expiry_s(aged(block, -5'000)) == 60);
  // As after a clock that stood in 1970.
  for (const std::int64_t waited_ms : {60'000LL, 1'763'817'600'123LL}) {
    CHECK(message_expiry_s(aged(block, waited_ms)) == 1);
    CHECK(user_property(aged(block, waited_ms), "a") == "b");
  }
  CHECK(aged("", 60'000) == "");
}
