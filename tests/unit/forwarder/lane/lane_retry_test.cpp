#include "forwarder/lane/lane_retry.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

LaneItem item(std::uint64_t sequence) {
  LaneItem made;
  made.record.sequence = sequence;
  return made;
}

}  // namespace

TEST_CASE("lane retry: what was refused goes again in order, however it came back") {
  LaneRetry retry;
  for (const std::uint64_t sequence : {7, 5, 6}) retry.add(item(sequence), "busy", 0);
  CHECK(retry.reason() == "busy");
  CHECK(retry.refused() == 3);
  for (const std::uint64_t sequence : {5, 6, 7}) CHECK(retry.take().record.sequence == sequence);
  CHECK(retry.empty());
}

TEST_CASE("lane retry: one round waits once, and each round without success waits longer") {
  LaneRetry retry;
  std::int64_t now_ms = 1'000;
  std::int64_t before = 0;
  for (int round = 0; round < 10; ++round) {
    retry.add(item(1), "busy", now_ms);
    retry.add(item(2), "busy", now_ms + 1);  // of the same round
    const std::int64_t wait = retry.wait_ms(now_ms);
    CHECK(wait ==
          (round == 0 ? LaneRetry::delay_ms_min : std::min(before * 2, LaneRetry::delay_ms_max)));
    before = wait;
    now_ms += wait;
    CHECK(retry.wait_ms(now_ms) == 0);
  }
  CHECK(before == LaneRetry::delay_ms_max);
  retry.accepted();
  retry.add(item(1), "busy", now_ms);
  CHECK(retry.wait_ms(now_ms) == LaneRetry::delay_ms_min);
}

TEST_CASE("lane retry: first one goes alone, then one more with each that is accepted") {
  LaneRetry retry;
  CHECK(retry.room(1'000'000));
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) retry.add(item(sequence), "busy", 0);
  CHECK(retry.room(0));
  CHECK_FALSE(retry.room(1));
  retry.accepted();
  CHECK(retry.room(1));
  CHECK_FALSE(retry.room(2));
  for (int i = 0; i < 1'000; ++i) retry.accepted();
  CHECK(retry.room(1'000'000));
}

TEST_CASE("lane retry: it says why the lane waits until what was refused is on its way again") {
  LaneRetry retry;
  retry.add(item(1), "quota exceeded", 0);
  retry.accepted();
  CHECK(retry.reason() == "quota exceeded");
  retry.take();
  retry.accepted();
  CHECK(retry.reason().empty());
}

TEST_CASE("lane retry: once the first is set aside, what is behind it goes at once") {
  LaneRetry retry;
  for (const std::uint64_t sequence : {5, 6}) retry.add(item(sequence), "busy", 1'000);
  CHECK(retry.wait_ms(1'000) > 0);
  CHECK(retry.set_aside().record.sequence == 5);
  CHECK(retry.wait_ms(1'000) == 0);
  CHECK(retry.reason() == "busy");
  CHECK(retry.set_aside().record.sequence == 6);
  CHECK(retry.empty());
  CHECK(retry.reason().empty());
}
