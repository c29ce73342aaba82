#include "doctor/brokers.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

using Level = Finding::Level;

struct Row {
  const char* what;
  OwnBridge own;
  const char *state, *epoch;
  Level level;
  const char* says;
};

const Row rows[] = {
    {"nobody was ever there", {}, "", "", Level::ok, "no bridge with the id store-42 is online"},
    {"one was there", {}, "offline", "e1", Level::ok, "one was, with the epoch e1"},
    {"a new bridge, and one is there",
     {},
     "online",
     "e1",
     Level::error,
     "none runs on this machine"},
    {"ours has just been killed",
     {"", {}, "", true},
     "online",
     "e1",
     Level::warning,
     "killed or cut off"},
    {"ours may not be asked",
     {"", {}, "no permission", true},
     "online",
     "e1",
     Level::warning,
     "unknown: no permission"},
    {"ours is there",
     {"e1", {"central"}, "", true},
     "online",
     "e1",
     Level::ok,
     "runs on this machine"},
    {"ours is there, without a bookmark yet",
     {"e1", {"central"}, "", true},
     "online",
     "",
     Level::ok,
     "runs on this machine"},
    {"ours is there, and another one",
     {"e1", {"central"}, "", true},
     "online",
     "e2",
     Level::error,
     "another bridge with the id store-42 writes the bookmark here (epoch e2, and ours is e1)"},
    {"ours is cut off, and one is there",
     {"e1", {"site"}, "", true},
     "online",
     "e2",
     Level::warning,
     "that of this machine is not connected"},
};

}  // namespace

TEST_CASE("doctor: two bridges with one id are seen by what is retained") {
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const Finding found = check_id("central", "store-42", row.state, row.epoch, row.own);
    CHECK(found.level == row.level);
    CHECK_MESSAGE(found.text.find(row.says) != std::string::npos, found.text);
    const bool advises = found.text.find("another bridge.id") != std::string::npos;
    CHECK(advises ==
          (found.level == Level::error || found.text.find("not here") != std::string::npos ||
           found.text.find("killed") != std::string::npos));
  }
}
