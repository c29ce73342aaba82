#include "journal/lane/claims.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

std::string text(const Claims& claims) {
  std::string text;
  for (const auto& [sequence, claim] : claims.all()) {
    text += std::to_string(sequence) + ":" + std::to_string(claim.packet_id) +
            (claim.received ? "r " : " ");
  }
  return text;
}

}  // namespace

TEST_CASE("claims: what is claimed is received, and ends") {
  Claims claims;
  claims.add({7, 57'344, false});
  claims.add({8, 57'345, false});
  claims.receive(7);
  claims.receive(99);
  CHECK(text(claims) == "7:57344r 8:57345 ");
  claims.end(7);
  claims.end(99);
  CHECK_FALSE(claims.find(7));
  CHECK(claims.find(8)->packet_id == 57'345);
  claims.add({8, 60'000, false});
  CHECK(claims.find(8)->packet_id == 60'000);
}

TEST_CASE("claims: a run of ids and sequences is one entry of sixteen bytes") {
  Claims claims;
  for (std::uint16_t i = 0; i < 1'000; ++i) {
    claims.add({i + 1ull, static_cast<std::uint16_t>(57'344 + i), i < 400});
  }
  CHECK(claims.encode().size() == 32);
  CHECK(text(Claims::decode(claims.encode())) == text(claims));
}

TEST_CASE("claims: gaps of either kind and a change of state begin a new entry") {
  Claims claims;
  claims.add({1, 60'000, true});
  claims.add({2, 60'001, false});
  claims.add({4, 60'002, false});
  claims.add({5, 60'010, false});
  CHECK(claims.encode().size() == 4 * 16);
  CHECK(text(Claims::decode(claims.encode())) == text(claims));
}

TEST_CASE("claims: a torn tail and an absurd count are ignored") {
  Claims claims;
  claims.add({1, 60'000, true});
  const std::string good = claims.encode();
  CHECK(text(Claims::decode(good + good.substr(0, 15))) == "1:60000r ");
  std::string absurd = good;
  absurd[10] = 1;  // 65,537 of them
  CHECK(Claims::decode(absurd).empty());
  CHECK(Claims::decode("").empty());
  CHECK(Claims().encode().empty());
}
