#include "journal/tail.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

BatchPtr batch(LaneId lane, std::uint64_t first, std::uint32_t count, std::size_t bytes = 10) {
  auto made = std::make_shared<Batch>();
  made->lane = lane;
  made->first = first;
  made->count = count;
  made->data.assign(bytes, 'x');
  return made;
}

}  // namespace

TEST_CASE("tail: a sequence is found in the batch that holds it") {
  Tail tail(1'000);
  tail.push(batch(1, 1, 3));
  tail.push(batch(2, 1, 1));
  tail.push(batch(1, 4, 2));
  CHECK(tail.find(1, 3)->first == 1);
  CHECK(tail.find(1, 5)->first == 4);
  CHECK(tail.find(2, 1)->lane == 2);
  CHECK(tail.find(1, 6) == nullptr);
  CHECK(tail.find(2, 2) == nullptr);
  CHECK(tail.find(3, 1) == nullptr);
}

TEST_CASE("tail: between batches there is nothing") {
  Tail tail(1'000);
  tail.push(batch(1, 1, 1));
  tail.push(batch(1, 5, 1));
  CHECK(tail.find(1, 3) == nullptr);
}

TEST_CASE("tail: the oldest goes first, over all lanes") {
  Tail tail(25);
  tail.push(batch(1, 1, 1));
  tail.push(batch(2, 1, 1));
  tail.push(batch(1, 2, 1));
  CHECK(tail.find(1, 1) == nullptr);
  CHECK(tail.find(2, 1) != nullptr);
  CHECK(tail.find(1, 2) != nullptr);
  tail.push(batch(1, 3, 1, 100));  // larger than all of it
  CHECK(tail.find(1, 3) == nullptr);
  CHECK(tail.find(1, 2) == nullptr);
}

TEST_CASE("tail: what was given up is not found, and the rest goes in its turn") {
  Tail tail(30);
  for (std::uint64_t first = 1; first <= 3; ++first) tail.push(batch(1, first, 1));
  tail.forget(1, 2);
  tail.forget(2, 1);
  CHECK(tail.find(1, 2) == nullptr);
  CHECK(tail.find(1, 1) != nullptr);
  tail.push(batch(1, 4, 1));
  CHECK(tail.find(1, 1) == nullptr);
  tail.push(batch(1, 5, 1));
  CHECK(tail.find(1, 3) != nullptr);
  tail.push(batch(1, 6, 1));
  CHECK(tail.find(1, 3) == nullptr);
  tail.clear();
  CHECK(tail.find(1, 6) == nullptr);
}
