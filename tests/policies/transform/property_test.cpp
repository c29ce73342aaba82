// What must hold whatever the devices send, and wherever a step is broken off.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "policies/transform/box.hpp"

namespace bascule::transform::test {

namespace {

rc::Gen<Json> value_gen(int depth) {
  // Large numbers, but short lists: each level multiplies them.
  const auto scalar = rc::gen::resize(
      100,
      rc::gen::oneOf(rc::gen::construct<Json>(rc::gen::arbitrary<std::int64_t>()),
                     rc::gen::map(rc::gen::arbitrary<double>(), [](double d) { return Json(d); }),
                     rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Json(b); }),
                     rc::gen::just(Json()),
                     rc::gen::map(rc::gen::container<std::string>(rc::gen::inRange('\x01', '\x7f')),
                                  [](const std::string& s) { return Json(s); })));
  if (depth == 0) return scalar;
  const auto list = rc::gen::resize(4, rc::gen::container<std::vector<Json>>(value_gen(depth - 1)));
  return rc::gen::oneOf(
      scalar, rc::gen::map(list, [](const std::vector<Json>& items) { return Json(items); }),
      rc::gen::map(list, [](const std::vector<Json>& items) {
        Json object = Json::object();
        for (const auto& item : items) object["{k/~" + std::to_string(object.size())] = item;
        return object;
      }));
}

const char* const pipeline = R"({"from": "{line}/{sensor}", "to": "to/{line}", "topics_max": 3,
  "on_mismatch": "drop",
  "steps": [{"drop": {"is": 0}}, {"deadband": {"within": 1}},
            {"envelope": ["{line}/{sensor}", "{sequence}", "{payload}"]},
            {"batch": {"count": 3, "after": "2s", "bytes": 1024, "per": "{sensor}"}}]})";

struct Given {
  std::string topic, payload;
  std::int64_t later_ms;
};

std::vector<Given> drawn() {
  return *rc::gen::container<std::vector<Given>>(rc::gen::construct<Given>(
      rc::gen::elementOf(std::vector<std::string>{"a/t", "a/u", "b/t", "c/t", "d/t", "odd"}),
      rc::gen::elementOf(std::vector<std::string>{"0", "1", "2", "5", "9", "warm", "1e5"}),
      rc::gen::elementOf(std::vector<std::int64_t>{0, 1, 500, 3000})));
}

// All that was sent and explained, and the state after each.
std::string play(Box& box, const std::vector<Given>& messages, bool crashing) {
  std::string all;
  const auto note = [&](const std::vector<Sent>& sent) {
    for (const auto& one : sent) all += one.topic + " " + one.payload + "\n";
    all += box.explained.dump() + "\n";
    for (const auto& [key, value] : box.state) all += key + "=" + value + "\n";
  };
  for (const auto& one : messages) {
    note(box.pass(one.later_ms));
    if (crashing) box.crash_after = *rc::gen::inRange(0, 25);
    note(box.take(one.topic, one.payload));
  }
  note(box.pass(60'000));
  return all;
}

}  // namespace

TEST_CASE("property: of an enveloped payload the member is the payload") {
  rc::check([] {
    const auto payload = *value_gen(3);
    auto box = Box::of(R"({"on_mismatch": "quarantine",
                          "steps": [{"envelope": {"v": "{payload}", "t": "{time_ms}"}},
                                    {"rename": {"/v": "/w"}}]})");
    const auto made = Json::parse(box.made("t", payload.dump()));
    RC_ASSERT(made.at("w").dump() == payload.dump());
    RC_ASSERT(made.at("t") == box.wall_ms);
    // And back.
    auto back = Box::of(R"({"steps": [{"pick": "/w"}]})");
    RC_ASSERT(back.made("t", made.dump()) == payload.dump());
  });
}

TEST_CASE("property: any bytes come back from a text or base64, or do not fit") {
  rc::check([] {
    const auto payload = *rc::gen::arbitrary<std::string>();
    auto text = Box::of(R"({"payload": "text", "on_mismatch": "drop",
                           "steps": [{"envelope": "{payload}"}]})");
    const auto made = text.made("t", payload);
    if (made.empty()) {
      RC_ASSERT(text.counted("unfit_dropped", "payload") == 1U);
    } else {
      RC_ASSERT(Json::parse(made).get<std::string>() == payload);
    }
    auto bytes = Box::of(R"({"payload": "base64", "steps": [{"envelope": "{payload}"}]})");
    RC_ASSERT(bytes.made("t", payload).size() == (payload.size() + 2) / 3 * 4 + 2);
  });
}

TEST_CASE("property: every message is sent once, or dropped and counted; batches lose none") {
  rc::check([] {
    auto box = Box::of(pipeline);
    const auto messages = drawn();
    std::vector<Json> sent;
    const auto note = [&](const std::vector<Sent>& all) {
      for (const auto& one : all) {
        RC_ASSERT(one.payload.size() <= 1024U);
        RC_ASSERT(one.json().size() <= 3U);
        for (const auto& item : one.json()) {
          RC_ASSERT(one.topic == "to/" + item[0].get<std::string>().substr(0, 1));
          sent.push_back(item);
        }
      }
    };
    for (const auto& one : messages) {
      note(box.pass(one.later_ms));
      note(box.take(one.topic, one.payload));
    }
    note(box.pass(60'000));
    const auto dropped =
        box.counted("dropped", "step 1, drop") + box.counted("dropped", "step 2, deadband") +
        box.counted("unfit_dropped", "payload") + box.counted("unfit_dropped", "topic");
    RC_ASSERT(sent.size() + dropped == messages.size());
    // In order within a topic, none twice.
    std::map<std::string, std::uint64_t> last;
    for (const auto& item : sent) {
      auto& before = last[item[0].get<std::string>()];
      RC_ASSERT(item[1].get<std::uint64_t>() > before);
      before = item[1];
    }
    for (const auto& [key, value] : box.state) {
      RC_ASSERT(!key.starts_with("item/"));
      RC_ASSERT(!key.starts_with("batch/"));
    }
  });
}

TEST_CASE("property: the same messages give the same, also where steps are broken off") {
  rc::check([] {
    const auto messages = drawn();
    auto box = Box::of(pipeline), again = Box::of(pipeline), broken = Box::of(pipeline);
    const auto all = play(box, messages, false);
    RC_ASSERT(play(again, messages, false) == all);
    RC_ASSERT(play(broken, messages, true) == all);
  });
}

}  // namespace bascule::transform::test
