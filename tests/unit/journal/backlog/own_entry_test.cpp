#include "journal/backlog/own_entry.hpp"

#include <doctest/doctest.h>

#include "message/own.hpp"

using namespace bascule;

TEST_CASE(
    "own entry: it is behind what is there, has no receipt, and is of the kind that was said") {
  std::string bytes = "before";
  const Append entry = own_entry(own_message("7", "up"), 3, bytes, InputKind::resolution);
  CHECK(entry.lane == 3);
  CHECK(entry.offset == 6);
  CHECK(entry.offset + entry.length == bytes.size());
  const Record record = read_record(std::string_view(bytes).substr(entry.offset));
  CHECK(record.message.topic == "7");
  CHECK(record.message.payload == "up");
  CHECK(record.kind == InputKind::resolution);
  CHECK(record.receipt.packet_id == 0);
  CHECK_FALSE(record.stamped);
}
