#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>

#include "policy/gate.hpp"
#include "policy/plugin.hpp"
#include "policy/watchdog.hpp"
#include "support/config_file.hpp"

using namespace bascule;
using namespace config_file;

namespace {

std::string refused(const std::string& plugin, const std::string& directory) {
  try {
    load_plugin(plugin, {directory});
  } catch (const PluginError& wrong) {
    return wrong.what();
  }
  return {};
}

// "line:col: text" of what plugins say against a file with this content.
Lines option_problems(const std::string& yaml) {
  Lines out;
  try {
    check_policies(load("bridge: {id: shop, plugin_dir: " PLUGIN_DIR "}\n" +
                        least.substr(least.find('\n') + 1) + yaml));
  } catch (const ConfigError& error) {
    for (const Problem& problem : error.problems()) {
      out.push_back(std::to_string(problem.line) + ':' + std::to_string(problem.column) + ": " +
                    problem.text);
    }
  }
  return out;
}

const std::string route = "routes: [{name: a, direction: up, from: a, policy: p}]\n";

}  // namespace

TEST_CASE("plugin: what ships and what is written in C can be loaded") {
  CHECK(std::string(load_plugin("template", {PLUGIN_DIR}).type) == "template");
  CHECK(std::string(load_plugin("template_c", {PLUGIN_DIR}).type) == "template_c");
  CHECK(std::string(load_plugin("passing", {"/nowhere", TEST_PLUGIN_DIR}).type) == "passing");
  CHECK(std::string(load_plugin(TEST_PLUGIN_DIR "/passing.so", {}).type) == "passing");
}

TEST_CASE("plugin: why one cannot be used is said, and what can be") {
  CHECK(refused("templat", PLUGIN_DIR).find("no templat.so in " PLUGIN_DIR "; there is ") !=
        std::string::npos);
  CHECK(refused("x", "/nowhere") == "names no plugin: no x.so in /nowhere; there is none there");
  CHECK(refused("stranger", TEST_PLUGIN_DIR).find("has no symbol bascule_policy_plugin") !=
        std::string::npos);
  CHECK(refused("newer", TEST_PLUGIN_DIR).find("update bascule") != std::string::npos);
  CHECK(refused("/nowhere/x.so", "").find("cannot be loaded") != std::string::npos);
}

TEST_CASE("config: what a plugin says against its options stands at their place") {
  for (const std::string plugin : {"template", "template_c"}) {
    CHECK(option_problems(route +
                          "policies:\n"
                          "  p:\n"
                          "    plugin: " +
                          plugin +
                          "\n"
                          "    options:\n"
                          "      min: \"7\"\n"
                          "      max: 01:00\n"
                          "      mix/x: 3\n") ==
          Lines{"9:12: \"options.min\" must be a number, such as 4.5",
                "10:12: \"options.max\" must be a number, such as 4.5",
                "11:14: \"options.mix/x\" is unknown; use min, max or alarms_per_case"});
    const auto options = [&](const std::string& text) {
      return option_problems(route + "policies: {p: {plugin: " + plugin + ", options: " + text +
                             "}}\n");
    };
    CHECK(options("{min: 1e2}").empty());
    CHECK(options("{min: 101}").size() == 1);
  }
}

TEST_CASE("config: the policies that ship are held against the routes") {
  const auto site = [&](const std::string& routes, const std::string& topics = "") {
    return option_problems("routes: [" + routes + "]\npolicies: {p: {plugin: oversell, options: " +
                           "{role: site, topics: {" + topics + "}}}}\n");
  };
  const std::string inbox = "{name: i, direction: down, from: \"oversell/inbox/+\", policy: p}";
  const std::string item = ", {name: s, direction: down, from: \"oversell/item/+\", policy: p}";
  const std::string alive = ", {name: a, direction: down, from: oversell/alive, policy: p}";
  const std::string request = ", {name: r, direction: up, from: \"seats/+/request\", policy: p}";
  CHECK(site(inbox + item + alive + request).empty());
  CHECK(site(inbox + item + request) ==
        Lines{"5:64: \"options.topics.alive\": no route brings \"oversell/alive\" to this policy; "
              "add one with direction: down and policy: p"});
  CHECK(
      site(inbox + item + alive + ", {name: r, direction: up, from: \"seat/+/request\", policy: p}")
          .size() == 1);
  CHECK(site(inbox + item + alive + request, "staff: \"seats/{item}/request\"").size() == 1);

  const auto hub = [&](const std::string& record, const std::string& canonical) {
    return option_problems(
        "routes: [{name: e, direction: up, from: \"edits/{id}\", policy: p}]\n"
        "policies: {p: {plugin: conflict, options: {record: \"" +
        record + "\", topics: {canonical: \"" + canonical + "\"}}}}\n");
  };
  CHECK(hub("edits/{id}", "records/{id}").empty());
  CHECK(hub("edit/{id}", "records/{id}").size() == 2);  // not needed, and not brought
  CHECK(hub("edits/{id}", "edits/{id}").size() == 1);
}

TEST_CASE("config: every key of a policy is read") {
  const BridgeConfig config =
      load(least + "lanes: {sales: {}}\n" + route +
           "policies: {p: {plugin: x, options: {a: [1, \"1\", true, null, 01:00]}, lane: sales,"
           " gate: \"01:30\", timeout: 2s, cases: office/cases}}\n");
  REQUIRE(config.policies.size() == 1);
  const PolicyConfig& policy = config.policies[0];
  CHECK(policy.options == R"({"a":[1,"1",true,null,"01:00"]})");
  CHECK(policy.lane == "sales");
  CHECK(policy.gate.kind == Gate::Kind::daily);
  CHECK(policy.gate.minute == 90);
  CHECK(policy.timeout_ms == 2'000);
  CHECK(policy.cases == "office/cases");
}

TEST_CASE("config: what is wrong with policies is found without their plugins") {
  CHECK(
      problems(least + "policies: {p: {plugin: x, gate: later, lane: b}}\n" + route) ==
      Lines{"4:33: \"gate\" cannot be \"later\"; use \"at once\", \"caught up\" or a time such as "
            "\"01:00\"",
            "4:46: \"lane\" names no lane of this file: \"b\"; use default"});
  CHECK(problems(least + "policies: {p: {plugin: x}}\n"
                         "routes: [{name: a, direction: up, from: a, policy: pp}]\n") ==
        Lines{"4:12: no route names the policy \"p\"; name it with \"policy\" in one, or remove it",
              "5:52: \"policy\" names no policy of this file: \"pp\"; did you mean \"p\"?"});
  CHECK(problems(least + "lanes: {b: {}, c: {}}\npolicies: {p: {plugin: x, lane: b}}\n"
                         "routes: [{name: a, direction: up, from: a, policy: p, lane: c}]\n") ==
        Lines{"6:61: \"lane\" has no effect: the policy \"p\" sends through the lane \"b\"; remove "
              "this key"});
  CHECK(load(least + "lanes: {b: {}}\npolicies: {p: {plugin: x}}\n"
                     "routes: [{name: a, direction: up, from: a, policy: p, lane: b}]\n")
            .policies[0]
            .lane == "b");
}

TEST_CASE("gate: a night belongs to the day on which its hour was last") {
  const auto at = [](int day, int hour) {
    std::tm time{};
    time.tm_year = 126;
    time.tm_mon = 10;
    time.tm_mday = day;
    time.tm_hour = hour;
    time.tm_isdst = -1;
    return std::int64_t{std::mktime(&time)} * 1'000;
  };
  CHECK(due_day(at(22, 0), 60) == "2026-11-21");
  CHECK(due_day(at(22, 1), 60) == "2026-11-22");
  CHECK(due_day(at(22, 23), 60) == "2026-11-22");
  CHECK(due_day(at(1, 0), 60) == "2026-10-31");
  CHECK(due_day(4'000'000'000'000, 0).starts_with("2096-10-0"));  // more than 31 bits of seconds
}

TEST_CASE("watchdog: it bites once its time is over, and not before") {
  std::atomic<int> bites = 0;
  std::string what;
  Watchdog watchdog([&](const std::string& text) {
    what = text;
    ++bites;
  });
  const std::string policy = "seats";
  watchdog.begin(policy, "up", 7, 3'600'000);
  watchdog.end();
  watchdog.begin(policy, "up", 8, 1);
  while (bites == 0) std::this_thread::yield();
  watchdog.end();
  CHECK(what == "policy seats: input up 8 is not decided after 1 ms");
}
