#include "forwarder/lane/lane_retry.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

LaneItem item(std::uint64_t sequence, std::string_view topic = "t") {
  LaneItem made;
  made.record.sequence = sequence;
  made.record.message.topic = topic;
  return made;
}

// Refuses one at that time, and says how long the lane is careful.
std::int64_t careful_for(LaneRetry& retry, std::int64_t now_ms) {
  retry.be_careful(now_ms);
  const std::int64_t begin_ms = now_ms;
  for (; retry.careful(); now_ms += 1'000) retry.accepted(now_ms);
  return now_ms - 1'000 - begin_ms;
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
  retry.accepted(now_ms);
  retry.add(item(1), "busy", now_ms);
  CHECK(retry.wait_ms(now_ms) == LaneRetry::delay_ms_min);
}

TEST_CASE("lane retry: one goes at a time for a while, then one more with each that is accepted") {
  LaneRetry retry;
  CHECK(retry.room(1'000'000));
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) retry.add(item(sequence), "busy", 5);
  for (std::int64_t now_ms = 5; now_ms < 5 + LaneRetry::careful_ms_min; now_ms += 1'000) {
    CHECK(retry.room(0));
    CHECK_FALSE(retry.room(1));
    retry.accepted(now_ms);
    CHECK(retry.careful());
  }
  const std::int64_t over_ms = 5 + LaneRetry::careful_ms_min;
  retry.accepted(over_ms);
  CHECK_FALSE(retry.careful());
  CHECK(retry.room(1));
  CHECK_FALSE(retry.room(2));
  for (int i = 0; i < 1'000; ++i) retry.accepted(over_ms);
  CHECK(retry.room(1'000'000));
}

TEST_CASE(
    "lane retry: it is careful for longer where that was not enough, until an hour is quiet") {
  LaneRetry retry;
  std::int64_t now_ms = 7'000, expected = LaneRetry::careful_ms_min;
  for (int time = 0; time < 9; ++time) {
    CHECK(careful_for(retry, now_ms) == expected);
    now_ms += expected + LaneRetry::careful_ms_max - 1;
    expected = std::min(expected * 2, LaneRetry::careful_ms_max);
  }
  CHECK(expected == LaneRetry::careful_ms_max);
  now_ms += LaneRetry::careful_ms_max + 1;
  CHECK(careful_for(retry, now_ms) == LaneRetry::careful_ms_min);
}

TEST_CASE("lane retry: what has overtaken an older one of its topic is counted and told once") {
  LaneRetry retry;
  const auto accept = [&](std::uint64_t sequence, std::string_view topic) {
    retry.went(item(sequence, topic).record);
    retry.accepted(10);
  };
  accept(1, "a");
  retry.add(item(2, "a"), "busy", 0);
  retry.add(item(5, "b"), "busy", 0);
  accept(3, "a");
  accept(4, "b");  // 5 is newer
  accept(6, "a");
  accept(7, "c");
  CHECK(retry.reordered() == 2);
  const auto told = retry.take_reordered();
  CHECK(told.messages == 2);
  CHECK(told.topic == "a");
  CHECK(told.reason == "busy");
  CHECK(retry.take_reordered().messages == 0);
  CHECK(retry.reordered() == 2);
}

TEST_CASE("lane retry: it says why the lane waits until what was refused is on its way again") {
  LaneRetry retry;
  retry.add(item(1), "quota exceeded", 0);
  retry.accepted(0);
  CHECK(retry.reason() == "quota exceeded");
  retry.take();
  retry.accepted(0);
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
