// Which routes send, on one broker, what they take.
#include "crossing/same_broker.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

Route route(std::string from, std::string to, Direction direction = Direction::up) {
  Route route;
  route.from = std::move(from);
  route.to = std::move(to);
  route.direction = direction;
  return route;
}

}  // namespace

TEST_CASE("same broker: what a route sends goes round where some route takes it") {
  CHECK(goes_round({route("a/{rest...}", "")}, "store-42"));
  CHECK(goes_round({route("a/{rest...}", "a/again/{rest...}")}, "store-42"));
  CHECK_FALSE(goes_round({route("a/{rest...}", "b/{bridge.id}/{rest...}")}, "store-42"));
  const std::vector<Route> both = {route("a/{rest...}", "b/{rest...}"),
                                   route("b/{rest...}", "a/{rest...}", Direction::down)};
  CHECK(goes_round(both, "store-42"));
  CHECK_FALSE(goes_round({}, "store-42"));
}
