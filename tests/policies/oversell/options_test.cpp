#include <doctest/doctest.h>

#include "policies/oversell/policy_box.hpp"

namespace bascule::oversell::test {

namespace {

std::string problems(const std::string& json) { return problems_of(Json::parse(json)); }

}  // namespace

TEST_CASE("options: what is said in the README is taken") {
  CHECK(problems(R"({"role": "site"})") == "");
  CHECK(problems(R"({"role": "authority"})") == "");
  CHECK(problems(R"({"role": "site", "window": "off", "min_remaining_bp": "off",
    "min_confidence": 0.95, "value": 40, "penalty": 200, "forecast": "poisson",
    "rate_per_hour": 3, "watch": "2h", "offline": "refuse", "answer_timeout": "500ms",
    "items": {"show": {"window": 7200, "min_remaining_bp": 500}},
    "topics": {"request": "kiosk/{device}/{item}/ask", "reply": "kiosk/{device}/{item}/told"}})") ==
        "");
  CHECK(problems(R"({"role": "authority", "quota": "soft", "reserve_bp": 1000,
    "weights": {"a": 3, "b": 1}, "overbooking": 2, "hold_window": 0, "override_window": "1h",
    "heartbeat": "10s", "remember": "7d", "towards_sites": "up",
    "items": {"show": {"capacity": 200, "quota": "strict"}}})") == "");
}

TEST_CASE("options: what is wrong is said at its place") {
  const auto says = [](const std::string& json, const std::string& text) {
    const auto found = problems(json);
    CHECK_MESSAGE(found.find(text) != std::string::npos, found);
  };
  says(R"({})", " must have a role");
  says(R"([])", " must be a section");
  says(R"({"role": "hub"})", "/role must be site or authority");
  says(R"({"role": "site", "windw": 5})", "/windw is not an option of role: site");
  says(R"({"role": "site", "overbooking": 5})", "/overbooking is not an option of role: site");
  says(R"({"role": "authority", "window": 5})", "/window is not an option of role: authority");
  says(R"({"role": "site", "min_remaining_bp": 10001})", "between 0 and 10000");
  says(R"({"role": "site", "min_confidence": 95})", "/min_confidence must be a number between 0");
  says(R"({"role": "site", "value": 5})", "/value has a sense only with both");
  says(R"({"role": "site", "window": "1 hour"})", "/window must be a duration");
  says(R"({"role": "site", "rate_per_hour": 3})", "/rate_per_hour takes forecast: poisson");
  says(R"({"role": "site", "items": {"a/b": {"window": "x"}}})", "/items/a~1b/window must be");
  says(R"({"role": "site", "items": {"a": 5}})", "/items/a must be a section");
  says(R"({"role": "site", "topics": {"request": "ask"}})", "/topics/request must name {item}");
  says(R"({"role": "site", "topics": {"request": "a/{item}/#"}})", "must have a text or a {name}");
  says(R"({"role": "site", "topics": {"sold": "seats/{x}/request"}})", "same topic as");
  says(R"({"role": "site", "topics": {"reply": "a/{item}/{who}"}})", "names {who}");
  says(R"({"role": "site", "topics": {"call": "a/{item}"}})", "/topics/call is no topic of a site");
  says(R"({"role": "authority", "remember": "10m"})", "/remember must be longer");
  says(R"({"role": "authority", "weights": {"a": -1}})", "/weights/a must be a whole number");
}

}  // namespace bascule::oversell::test
