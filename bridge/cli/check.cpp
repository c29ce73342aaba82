#include <CLI/CLI.hpp>
#include <algorithm>
#include <initializer_list>
#include <iostream>
#include <map>
#include <memory>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/view/units.hpp"
#include "config/config.hpp"
#include "config/link/costs.hpp"
#include "config/stages.hpp"
#include "config/values.hpp"
#include "control/query/changes_query.hpp"
#include "link/key/pkcs11_uri.hpp"
#include "link/native/transport/credentials.hpp"
#include "link/own_topic_names.hpp"
#include "route/route.hpp"
#include "text/fields.hpp"

namespace bascule {

namespace {

// What the limits of a guest are there, and what they cost.
void explain(const LinkSettings& link, const std::string& id) {
  const std::vector<Cost> costs = costs_of(link, id);
  if (costs.empty()) return;
  const std::string profile(word_of(profile_words, link.profile));
  std::cout << link.name << "  as a guest";
  if (link.profile != Profile::none) std::cout << ", with profile " << profile;
  std::cout << ":\n";
  for (const Cost& cost : costs) {
    std::cout << "  " << cost.setting << (cost.of_profile ? " (" + profile + ")" : "") << ": "
              << cost.text << '\n';
  }
}

void print_own(const LinkSettings& link, std::initializer_list<const std::string*> topics,
               const char* what) {
  std::string list;
  for (const std::string* const topic : topics) {
    if (!topic->empty()) list += (list.empty() ? "" : ", ") + *topic;
  }
  if (!list.empty()) std::cout << link.name << "  " << list << "  " << what << '\n';
}

// What the bridge says for itself there. `out`: what goes to that broker.
void explain_own(const LinkSettings& link, const std::string& id, Direction out, bool centre) {
  const OwnTopicNames own(id, link.own_topics, link.retain);
  print_own(link, {&own.state(), &own.bookmark(out), &own.mark()},
            "at QoS 1, for the bridge itself, which also publishes there");
  if (centre) print_own(link, {&own.events(), &own.summary()}, "published by the bridge itself");
}

// What is subscribed at this side, with the routes that want it.
void explain(const BridgeConfig& config, Direction direction) {
  const RouteTable table(config.routes, direction, config.id);
  std::map<std::string, std::string> routes;  // by filter
  for (const Route& route : config.routes) {
    if (route.direction != direction) continue;
    std::string& names = routes[to_filter(route.from, config.id)];
    names += (names.empty() ? " " : ", ") + route.name;
  }
  for (const std::string& filter : table.subscriptions()) {
    const LinkSettings& link =
        direction == Direction::up || config.hub ? config.site : config.central;
    const Qos qos = std::min(table.qos_of(filter), link.max_qos);
    std::cout << link.name << "  " << filter << "  at QoS " << static_cast<int>(qos) << ", for"
              << routes[filter] << '\n';
  }
}

// What waits in the journal, if there is one. Returns whether a start would be refused over it.
bool compare(const BridgeConfig& config) {
  nlohmann::json changes;
  try {
    changes = answer(config, changes_question, changes_of(config));
  } catch (const std::exception& error) {
    std::cerr << config.file << ": warning: what waits was not compared: " << error.what() << '\n';
    return false;
  }
  for (const auto& orphan : part_of(changes, "orphans")) {
    std::cerr << config.file << ": warning: " << orphan.get<std::string>() << '\n';
  }
  for (const auto& discard : part_of(changes, "discards")) {
    std::cerr << config.file << ": error: " << discard.get<std::string>()
              << "; a start is refused without --accept-losses\n";
  }
  return !part_of(changes, "discards").empty();
}

// What is wrong with what a link would show its broker, opened as the daemon does; empty: nothing.
// Credentials of the service, and keys on a token, are taken on trust.
std::string fault_of(LinkSettings link) {
  const auto on_trust = [](const std::string& path) {
    return path.starts_with(credentials) || names_token(path);
  };
  if (on_trust(link.token.key_file)) link.token.kind = TokenKind::none;
  if (on_trust(link.auth.data_file)) link.auth.method.clear();
  if (on_trust(link.tls.key_password_file)) link.tls.key_file.clear();
  for (std::string* const path : {&link.password_file, &link.proxy.password_file, &link.tls.ca_file,
                                  &link.tls.cert_file, &link.tls.key_file}) {
    if (on_trust(*path)) path->clear();
  }
  return credentials_fault(link);
}

// Returns whether there is one.
bool tell_faults(const BridgeConfig& config) {
  bool any = false;
  for (const LinkSettings* const link : {&config.site, &config.central}) {
    const std::string fault = fault_of(*link);
    if (fault.empty()) continue;
    any = true;
    std::cerr << config.file << ": error: " << link->name << ": " << fault << '\n';
  }
  return any;
}

struct Options {
  bool explained = false;
  bool journal = false;
};

int check(const std::string& path, const Options& options) {
  const BridgeConfig config = load_config(path);
  check_policies(config);
  read_stamp_key(config);
  for (const Problem& warning : config.warnings) std::cerr << to_string(warning) << '\n';
  if (tell_faults(config)) return exit_code::failed;
  if (options.journal && compare(config)) return exit_code::failed;
  const auto up = static_cast<std::size_t>(std::ranges::count(
      config.routes, Direction::up, [](const Route& route) { return route.direction; }));
  std::cout << path << ": ok: " << counted(up, "route") << " up, " << config.routes.size() - up
            << " down, " << counted(config.lanes.size(), "lane");
  if (!config.policies.empty()) {
    std::cout << ", " << config.policies.size()
              << (config.policies.size() == 1 ? " policy" : " policies");
  }
  if (config.hub && config.routes.empty()) {
    std::cout << "; without 'central' and routes nothing crosses: a hub for the fleet alone";
  }
  std::cout << '\n';
  if (options.explained) {
    for (const Direction direction : {Direction::up, Direction::down}) explain(config, direction);
    explain_own(config.site, config.id, Direction::down, config.hub);
    if (!config.hub) explain_own(config.central, config.id, Direction::up, true);
    explain(config.site, config.id);
    if (!config.hub) explain(config.central, config.id);
  }
  return exit_code::done;
}

}  // namespace

void add_check(CLI::App& program, Choice& choice) {
  auto* command = program.add_subcommand("check", "Check the configuration file");
  command->footer(
      R"(Finds what would go wrong before anything starts: unknown keys, wrong types, impossible
topics, routes that can never match, loops between routes. Plugins are loaded and asked about
their options; the topics that they take and send are held against the routes. The files of
passwords, tokens, keys and certificates are opened, as a connection does. Each problem is one line
on stderr, as compilers write them:

  FILE:LINE:COLUMN: error: what is wrong, and what was probably meant

What works, but perhaps not as meant, is a warning in the same form.

With --explain it also lists what is subscribed at each broker, for which routes, and the topics of
the bridge itself. That is what the broker's access rules have to allow, beside what the routes
publish. Of a broker at which the bridge is a guest it lists each limit, which of them its profile
sets, and what it costs.

With --journal it also compares the file with what waits: how many messages a limit that is
tighter than before would give up, in which lane, and what nobody would take any more. It asks the
daemon; if none runs, the journal is read directly.

Needs no daemon and changes nothing.

Exit codes: 0 valid, also with warnings; 1 not valid, or a start would be refused over messages
that it would lose.

Examples:
  bascule check
  bascule check --explain
  bascule check --journal -c new.yaml
  bascule check -c new.yaml && mv new.yaml /etc/bascule/bascule.yaml)");
  const auto options = std::make_shared<Options>();
  command->add_flag("--explain", options->explained,
                    "List the filters that are subscribed, with their routes");
  command->add_flag("--journal", options->journal,
                    "Compare the file's limits with what waits in the journal");
  command->callback([&choice, options] {
    choice.run = [&choice, options] { return check(choice.config, *options); };
  });
}

}  // namespace bascule
