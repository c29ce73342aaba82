#include "journal/backlog/tail.hpp"

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

TEST_CASE("tail: without room, the lane with the most goes without its newest") {
  Tail tail(35);
  tail.push(batch(1, 1, 1));
  tail.push(batch(1, 2, 1));
  tail.push(batch(2, 1, 1));
  tail.push(batch(2, 2, 1, 5));
  CHECK(tail.find(2, 2) != nullptr);
  tail.push(batch(3, 1, 1));
  CHECK(tail.find(1, 2) == nullptr);
  for (LaneId lane = 1; lane <= 3; ++lane) CHECK(tail.find(lane, 1) != nullptr);
  tail.push(batch(1, 3, 1, 100));  // larger than all of it
  CHECK(tail.find(1, 3) == nullptr);
  CHECK(tail.find(1, 1) != nullptr);
}

TEST_CASE("tail: what has been read makes room") {
  Tail tail(30);
  for (std::uint64_t first = 1; first <= 9; first += 3) tail.push(batch(1, first, 3));
  tail.passed(1, 6);  // of 4 to 6 the last is still to be read
  CHECK(tail.find(1, 3) == nullptr);
  CHECK(tail.find(1, 4) != nullptr);
  tail.passed(2, 100);
  tail.push(batch(1, 10, 3));
  CHECK(tail.find(1, 10) != nullptr);
  tail.push(batch(1, 13, 3));
  CHECK(tail.find(1, 13) == nullptr);
  tail.passed(1, 100);
  tail.push(batch(1, 100, 1, 30));
  CHECK(tail.find(1, 100) != nullptr);
}

TEST_CASE("tail: what was given up is not found, and has made room") {
  Tail tail(30);
  for (std::uint64_t first = 1; first <= 3; ++first) tail.push(batch(1, first, 1));
  tail.forget(1, 2);
  tail.forget(2, 1);
  CHECK(tail.find(1, 2) == nullptr);
  CHECK(tail.find(1, 1) != nullptr);
  tail.push(batch(1, 4, 1));
  CHECK(tail.find(1, 1) != nullptr);
  CHECK(tail.find(1, 4) != nullptr);
  tail.clear();
  CHECK(tail.find(1, 4) == nullptr);
  tail.push(batch(1, 5, 1, 30));
  CHECK(tail.find(1, 5) != nullptr);
}
