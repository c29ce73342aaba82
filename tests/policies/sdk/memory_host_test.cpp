// The host in memory keeps to what policy.h says, so that what passes over it passes in a bridge.
#include "support/memory_host.hpp"

#include <doctest/doctest.h>

namespace bascule::test {

namespace {

using Body = std::function<void(plugin::Step&)>;

bool run(MemoryHost& host, const Body& body, const Message& message = {}) {
  const MemoryHost::DecideInCpp decide = [&](plugin::Step& step, const plugin::Input&) {
    body(step);
  };
  return host.step(decide, message);
}

Message wake(const std::string& name) {
  Message message;
  message.kind = plugin::Input::Kind::wake;
  message.topic = name;
  return message;
}

}  // namespace

TEST_CASE("memory host: wake_at(0) takes a wake back, in the same step and in a later one") {
  MemoryHost host;
  CHECK(run(host, [](plugin::Step& step) { step.wake_at("a", 0); }));
  CHECK(host.wakes.empty());
  CHECK(run(host, [](plugin::Step& step) {
    step.wake_at("a", 5);
    step.wake_at("b", 6);
    step.wake_at("b", 0);
  }));
  CHECK(host.wakes == std::map<std::string, std::int64_t>{{"a", 5}});
  CHECK(run(host, [](plugin::Step& step) { step.wake_at("a", 0); }));
  CHECK(host.wakes.empty());
}

TEST_CASE("memory host: a wake that comes is gone, unless its step asks for it again") {
  MemoryHost host;
  host.wakes = {{"a", 5}, {"b", 6}};
  CHECK(run(
      host, [](plugin::Step&) {}, wake("a")));
  CHECK(run(
      host, [](plugin::Step& step) { step.wake_at("b", 9); }, wake("b")));
  CHECK(host.wakes == std::map<std::string, std::int64_t>{{"b", 9}});
}

TEST_CASE("memory host: of a step that fails or crashes nothing is kept") {
  MemoryHost host;
  host.state["x"] = "1";
  host.wakes["w"] = 5;
  const auto all = [](plugin::Step& step) {
    step.put("x", "2");
    step.erase("y");
    step.wake_at("w", 0);
    step.open_case("k", "s", "{}");
    step.log(plugin::Level::info, "line");
    plugin::Output output;
    output.topic = "t";
    step.emit(output);
  };
  CHECK(!run(host, [&](plugin::Step& step) {
    all(step);
    throw std::runtime_error("no");
  }));
  CHECK(host.failure == "no");
  host.crash_after = 3;
  CHECK(!run(host, all));
  host.crash_after.reset();
  CHECK(host.state == std::map<std::string, std::string, std::less<>>{{"x", "1"}});
  CHECK(host.wakes.at("w") == 5);
  CHECK((host.cases.empty() && host.sent.empty() && host.log.empty() && host.inputs == 0));
  CHECK(run(host, all));
  CHECK(host.state.at("x") == "2");
  CHECK((host.wakes.empty() && host.cases.size() == 1 && host.sent.size() == 1));
}

TEST_CASE("memory host: a scan shows the state with what the step has changed") {
  MemoryHost host;
  host.state = {{"a1", "1"}, {"a2", "2"}, {"a3", "3"}, {"b", "4"}};
  std::string shown;
  CHECK(run(host, [&](plugin::Step& step) {
    step.erase("a1");
    step.put("a2", "two");
    step.put("a4", "4");
    step.scan("a", "a2", [&](std::string_view key, std::string_view value) {
      step.erase(key);  // does not change which keys are shown
      step.put("a9", "9");
      shown.append(key).append("=").append(value).append(" ");
      return true;
    });
  }));
  CHECK(shown == "a2=two a3=3 a4=4 ");
}

}  // namespace bascule::test
