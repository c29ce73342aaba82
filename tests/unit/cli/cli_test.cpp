#include "cli/cli.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "control/http/server.hpp"

using namespace bascule;
using nlohmann::json;

namespace {

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

// Runs the program with these arguments, inside this process.
Outcome run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "bascule");
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  std::ostringstream out, err;
  auto* const cout_before = std::cout.rdbuf(out.rdbuf());
  auto* const cerr_before = std::cerr.rdbuf(err.rdbuf());
  const int code = run_cli(static_cast<int>(argv.size()), argv.data());
  std::cout.rdbuf(cout_before);
  std::cerr.rdbuf(cerr_before);
  return {code, out.str(), err.str()};
}

// A directory with a configuration file, whose control socket is in it too.
struct Site {
  std::filesystem::path directory;
  Site() {
    char name[] = "/tmp/bascule-cli-XXXXXX";
    directory = ::mkdtemp(name);
    std::ofstream(config()) << "bridge: {id: store-42, data_dir: " << directory.string()
                            << "}\n"
                               "site: {url: 'mqtt://localhost:1883'}\n"
                               "central: {url: 'mqtt://central.example.net:1883'}\n"
                               "control: {socket: "
                            << socket() << R"(}
lanes: {sales: {priority: 9}}
routes:
  - name: sales
    direction: up
    from: pos/{till}/sale/{rest...}
    exclude: [pos/test/#]
    to: stores/{bridge.id}/pos/{till}/sale/{rest...}
    qos: 1
    retain: clear
    lane: sales
  - {name: rest, direction: up, from: pos/test/sale/extra}
  - {name: menu, direction: down, from: menu/#}
)";
  }
  ~Site() { std::filesystem::remove_all(directory); }
  std::string config() const { return directory / "bascule.yaml"; }
  std::string socket() const { return directory / "control.sock"; }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("cli: help and version end well, on stdout") {
  CHECK(run({"--version"}).out == "bascule " BASCULE_VERSION "\n");
  for (std::vector<std::string> command : {std::vector<std::string>{},
                                           {"run"},
                                           {"check"},
                                           {"init"},
                                           {"doctor"},
                                           {"status"},
                                           {"route"},
                                           {"journal"},
                                           {"journal", "list"},
                                           {"journal", "show"},
                                           {"journal", "verify"},
                                           {"journal", "losses"},
                                           {"policy"},
                                           {"policy", "list"},
                                           {"policy", "explain"},
                                           {"policy", "replay"},
                                           {"cases"},
                                           {"cases", "list"},
                                           {"cases", "show"},
                                           {"cases", "resolve"},
                                           {"conflict"},
                                           {"conflict", "losers"},
                                           {"conflict", "reinstate"},
                                           {"conflict", "records"},
                                           {"pause"},
                                           {"resume"},
                                           {"reload"}}) {
    command.push_back("--help");
    const Outcome help = run(command);
    CHECK(help.code == 0);
    CHECK(help.err == "");
    CHECK(contains(help.out, "--config FILE"));
    const bool family = command[0] == "journal" || command[0] == "policy" ||
                        command[0] == "cases" || command[0] == "conflict";
    CHECK(contains(help.out, command.size() == 2 && family ? "Examples:" : "Exit codes:"));
  }
}

TEST_CASE("cli: a wrong command line is one line on stderr and exit code 2") {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{},
       "bascule: which command? run, check, init, doctor, status, route, journal, policy, cases, "
       "conflict, fleet, pause, resume, acknowledge, reload; "
       "'bascule --help' explains\n"},
      {{"stats"}, "bascule: there is no command 'stats'; did you mean 'status'?\n"},
      {{"frobnicate"}, "bascule: there is no command 'frobnicate'; 'bascule --help' explains\n"},
      {{"journal", "lst"}, "bascule: there is no command 'lst'; did you mean 'list'?\n"},
      {{"status", "--jsno"}, "bascule: there is no option '--jsno'; did you mean '--json'?\n"},
      {{"route"}, "bascule: TOPIC is required; 'bascule route --help' explains\n"},
      {{"route", "a", "b"},
       "bascule: 'b' is one argument too many; 'bascule route --help' explains\n"},
      {{"route", "a", "--direction", "left"},
       "bascule: --direction: left not in {up,down}; 'bascule route --help' explains\n"},
      {{"status", "-c"},
       "bascule: --config: 1 required FILE missing; 'bascule status --help' explains\n"},
  };
  for (const auto& [arguments, text] : cases) {
    const Outcome outcome = run(arguments);
    CHECK(outcome.code == 2);
    CHECK(outcome.out == "");
    CHECK(outcome.err == text);
  }
}

TEST_CASE("cli: check sums up a valid file, wherever -c stands") {
  Site site;
  const std::string summary = site.config() + ": ok: 2 routes up, 1 down, 2 lanes\n";
  CHECK(run({"-c", site.config(), "check"}).out == summary);
  CHECK(run({"check", "-c", site.config()}).out == summary);
  CHECK(run({"check", "--config", site.config()}).code == 0);
}

TEST_CASE("cli: check names each problem with its place") {
  Site site;
  std::ofstream(site.config(), std::ios::app) << "nonsense: 1\n";
  const Outcome outcome = run({"check", "-c", site.config()});
  CHECK(outcome.code == 1);
  CHECK(outcome.out == "");
  CHECK(contains(outcome.err, site.config() + ":17:1: error: "));
}

TEST_CASE("cli: route says who takes a topic, and where to") {
  Site site;
  const Outcome outcome = run({"route", "pos/7/sale/new/x", "-c", site.config()});
  CHECK(outcome.code == 0);
  CHECK(outcome.err == "");
  CHECK(outcome.out ==
        "sales\n"
        "  direction  up\n"
        "  target     stores/store-42/pos/7/sale/new/x\n"
        "  lane       sales\n"
        "  qos        at most 1\n"
        "  retain     clear\n");
}

TEST_CASE("cli: route tells of the exclude that let another route have it") {
  Site site;
  const Outcome outcome = run({"route", "pos/test/sale/extra", "-c", site.config()});
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "rest\n  direction  up\n"));
  CHECK(contains(outcome.out, "its exclude pos/test/# leaves it out\n"));
}

TEST_CASE("cli: route names what comes near a topic that no rule takes") {
  Site site;
  const Outcome outcome = run({"route", "pos/7/refund", "-c", site.config()});
  CHECK(outcome.code == 1);
  CHECK(outcome.out == "");
  CHECK(contains(outcome.err, "bascule: no route takes 'pos/7/refund'"));
  CHECK(contains(outcome.err, "near: route 'sales' (up) takes pos/{till}/sale/{rest...}\n"));
  CHECK(run({"route", "menu/1", "--direction", "up", "-c", site.config()}).code == 1);
  CHECK(run({"route", "menu/1", "--direction", "down", "-c", site.config()}).code == 0);
  CHECK(contains(run({"route", "pos/+", "-c", site.config()}).err, "is no topic to publish to"));
}

TEST_CASE("cli: status without a daemon is exit code 3, with what to do") {
  Site site;
  const Outcome outcome = run({"status", "-c", site.config()});
  CHECK(outcome.code == 3);
  CHECK(outcome.err == "bascule: no daemon answers at " + site.socket() +
                           "; start it with 'systemctl start bascule' or 'bascule run'\n");
}

TEST_CASE("cli: the daemon's answers and refusals are passed on") {
  Site site;
  ControlServer daemon({site.socket()},
                       ControlHandlers{{"GET /v1/status",
                                        [](const Query&) {
                                          return json{{"bridge", "store-42"}};
                                        }},
                                       {"GET /v1/journal/show", [](const Query& query) -> json {
                                          throw std::invalid_argument("there is no lane '" +
                                                                      query.required("lane") + "'");
                                        }}});
  daemon.start();
  CHECK(json::parse(run({"status", "--json", "-c", site.config()}).out)["bridge"] == "store-42");
  CHECK(contains(run({"status", "-c", site.config()}).out, "store-42  bascule"));
  const Outcome refused = run({"journal", "show", "--lane", "ghost", "-c", site.config()});
  CHECK(refused.code == 1);
  CHECK(refused.err == "bascule: there is no lane 'ghost'\n");
}

TEST_CASE("cli: verify goes through all slices, and damage is exit code 1") {
  Site site;
  bool damage = false;
  ControlServer daemon(
      {site.socket()},
      ControlHandlers{
          {"GET /v1/journal/verify", [&](const Query& query) {
             const auto slice = query.number("after", 0);
             json answer = {{"checked", 100}, {"total", 300}, {"damaged", json::array()}};
             if (slice < 2) {
               answer["next"] = std::to_string(slice + 1);
             }
             if (slice == 1 && damage) {
               answer["damaged"].push_back({{"lane", "sales"},
                                            {"direction", "up"},
                                            {"first", 17},
                                            {"last", 17},
                                            {"what", "torn"}});
             }
             return answer;
           }}});
  daemon.start();
  const Outcome sound = run({"journal", "verify", "-c", site.config()});
  CHECK(sound.code == 0);
  CHECK(contains(sound.out, "300 messages verified, "));
  damage = true;
  const Outcome damaged = run({"journal", "verify", "--json", "-c", site.config()});
  CHECK(damaged.code == 1);
  CHECK(json::parse(damaged.out)["checked"] == 300);
  CHECK(json::parse(damaged.out)["damaged"][0]["first"] == 17);
}
