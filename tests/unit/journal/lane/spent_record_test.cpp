#include "journal/lane/spent_record.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE(
    "spent record: one of a payload that nobody reads afterwards is the same, and has its memory") {
  for (const std::size_t bytes : {0, 100, 1 << 20, 5'000'001}) {
    std::string payload(bytes, 'x'), copied = "before", moved = "before";
    const Message message{"t", payload, {}, Qos::at_least_once, false};
    encode_record(message, {7, 8, 0}, true, copied);
    encode_spent(message, {7, 8, 0}, true, moved);
    CHECK((moved == copied));
    CHECK((payload.find('\0') != std::string::npos) == (bytes > 2 << 20));
  }
}
