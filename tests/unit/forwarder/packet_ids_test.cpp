#include "forwarder/packet_ids.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("packet ids: given in turn, none twice, and no more than there are") {
  PacketIds ids;
  for (std::size_t i = 0; i < claimable_ids; ++i) {
    CHECK(ids.take() == static_cast<std::uint16_t>(first_claimable_id + i));
  }
  CHECK(ids.in_use() == claimable_ids);
  CHECK_FALSE(ids.take());
  ids.give_back(57'400);
  CHECK(ids.in_use() == claimable_ids - 1);
  CHECK(ids.take() == 57'400);
}

TEST_CASE("packet ids: what is free again rests, and what is reserved is not given") {
  PacketIds ids;
  const auto first = *ids.take();
  ids.give_back(first);
  CHECK(*ids.take() == first + 1);
  ids.reserve(57'350);
  CHECK(*ids.take() == 57'351);
  ids.give_all_back();
  ids.reserve(65'535);
  ids.reserve(57'344);
  ids.reserve(65'535);
  CHECK(*ids.take() == 57'345);
}
