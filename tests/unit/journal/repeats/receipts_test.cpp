#include "journal/repeats/receipts.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

// As a broker gives ids: round and round.
std::uint16_t id_of(std::uint64_t delivery) {
  return static_cast<std::uint16_t>(delivery % 65'535 + 1);
}
std::uint32_t content(std::uint64_t delivery) {
  return static_cast<std::uint32_t>(delivery * 2'654'435'761U + 1);
}

Receipts unlike(std::uint64_t count) {
  Receipts receipts;
  for (std::uint64_t i = 0; i < count; ++i) receipts.add({content(i), id_of(i), 0});
  return receipts;
}

}  // namespace

TEST_CASE("receipts: more than there are packet ids are known, whatever came since") {
  const Receipts receipts = unlike(90'143);
  for (std::uint64_t i = 0; i < 90'143; ++i) {
    if (!receipts.contains(id_of(i), content(i))) FAIL("delivery ", i, " is not known");
  }
  CHECK_FALSE(receipts.contains(id_of(5), content(6)));
  CHECK_FALSE(receipts.contains(id_of(90'143), content(90'143)));
  CHECK_FALSE(receipts.forgot());
}

TEST_CASE("receipts: the oldest make room, and it is known that they did") {
  const std::uint64_t count = Receipts::remembered + 1'000;
  const Receipts receipts = unlike(count);
  CHECK(receipts.forgot());
  CHECK(receipts.size() == Receipts::remembered);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (receipts.contains(id_of(i), content(i)) != (i >= 1'000)) FAIL("delivery ", i);
  }
}

TEST_CASE("receipts: the same content each time is known for half a round of ids, not for one") {
  Receipts receipts;
  for (std::uint64_t i = 0; i < 65'535; ++i) receipts.add({7, id_of(i), 0});
  CHECK(receipts.contains(id_of(65'534), 7));
  CHECK(receipts.contains(id_of(65'535 - Receipts::trusted + 1), 7));
  // Of the next round, and lost with the line: it is not the one of a round ago.
  CHECK_FALSE(receipts.contains(id_of(65'535), 7));
  CHECK_FALSE(receipts.contains(id_of(65'535 + 20'000), 7));
}

TEST_CASE("receipts: a content that was delivered under other ids, too, says nothing of old ones") {
  Receipts receipts;
  receipts.add({7, 1, 0});
  receipts.add({7, 2, 0});
  receipts.add({8, 1, 0});
  CHECK_FALSE(receipts.contains(1, 7));
  CHECK(receipts.contains(2, 7));
  CHECK(receipts.contains(1, 8));
}

TEST_CASE("receipts: what QoS 2 has used an id for is no repeat of QoS 1") {
  Receipts receipts;
  receipts.add({7, 1, 0});
  receipts.add({7, 1, 0, true});
  CHECK_FALSE(receipts.contains(1, 7));
  receipts.add({9, 0, 0});
  CHECK_FALSE(receipts.contains(0, 9));
  CHECK(receipts.size() == 2);
}

TEST_CASE("receipts: they can be gone over from the oldest on, also when some made room") {
  const Receipts receipts = unlike(Receipts::remembered + 3);
  std::uint64_t next = 3;
  receipts.each([&](const Receipt& receipt) {
    if (receipt.digest != content(next) || receipt.packet_id != id_of(next)) FAIL(next);
    ++next;
  });
  CHECK(next == Receipts::remembered + 3);
}
