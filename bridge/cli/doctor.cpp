#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/terminal.hpp"
#include "config/config.hpp"
#include "config/values.hpp"
#include "doctor/brokers.hpp"
#include "doctor/machine.hpp"
#include "text/fields.hpp"
#include "text/json_text.hpp"
#include "text/words.hpp"

namespace bascule {

namespace {

struct Options {
  bool json = false;
  bool probe_topics = false;
};

constexpr Word<Finding::Level> level_words[] = {{"ok", Finding::Level::ok},
                                                {"warning", Finding::Level::warning},
                                                {"error", Finding::Level::error},
                                                {"skipped", Finding::Level::skipped}};

// A service's credentials are where it gets them from, for whoever may read there.
void find_credential(std::string& path, const std::string& config) {
  if (!path.starts_with(credentials)) return;
  const std::filesystem::path file(config);
  const bool further = file.parent_path() == "/etc/bascule" && file.filename() != "bascule.yaml";
  path = "/etc/credstore/bascule" + (further ? '-' + file.stem().string() : "") + '.' +
         path.substr(credentials.size());
}

void find_credentials(BridgeConfig& config) {
  for (LinkSettings* link : {&config.site, &config.central}) {
    for (std::string* path : {&link->password_file, &link->token.key_file, &link->auth.data_file,
                              &link->proxy.password_file, &link->tls.ca_file, &link->tls.cert_file,
                              &link->tls.key_file, &link->tls.key_password_file}) {
      find_credential(*path, config.file);
    }
  }
  find_credential(config.stamp_key_file, config.file);
  if (config.control.http) {
    find_credential(config.control.http->token_file, config.file);
    find_credential(config.control.http->key_file, config.file);
  }
}

// Of a daemon with this configuration; `unknown`: why it is not known whether one runs.
nlohmann::json ask_status(const BridgeConfig& config, std::string& unknown) {
  try {
    return ask_daemon(config, "/v1/status", std::chrono::seconds(2));
  } catch (const NoDaemon&) {
  } catch (const std::exception& error) {
    unknown = error.what();
  }
  return {};
}

// About what the journal takes in a day: what it holds of the time for which it keeps history.
std::optional<std::uint64_t> day_bytes(const BridgeConfig& config, const nlohmann::json& status) {
  if (config.journal.keep_forwarded_ms == 0 || status.is_null()) return std::nullopt;
  const double days = static_cast<double>(config.journal.keep_forwarded_ms) / 86'400'000;
  return static_cast<std::uint64_t>(number_of(part_of(status, "journal"), "bytes") / days);
}

std::optional<double> flash_years(const nlohmann::json& status) {
  const nlohmann::json& flash = part_of(part_of(status, "journal"), "flash");
  const auto years = flash.find("years_left");
  if (years == flash.end() || !years->is_number()) return std::nullopt;
  return years->get<double>();
}

OwnBridge own_bridge(const BridgeConfig& config, const nlohmann::json& status,
                     std::string unknown) {
  OwnBridge own;
  own.unknown = std::move(unknown);
  std::error_code error;
  own.has_journal = std::filesystem::exists(config.data_dir + "/journal.db", error);
  if (text_of(status, "bridge") != config.id) return own;
  own.epoch = text_of(status, "epoch");
  for (const char* link : {"site", "central"}) {
    const std::string state = text_of(part_of(part_of(status, "links"), link), "state");
    if (state == "up" || state == "slow") own.up.insert(link);
  }
  return own;
}

void print(const Finding& finding) {
  const auto padded = [](const std::string& text, std::size_t wide) {
    return text + std::string(text.size() < wide ? wide - text.size() : 1, ' ');
  };
  std::cout << padded(std::string(word_of(level_words, finding.level)), 8)
            << padded(finding.where, 8) << finding.check << ": " << escaped(finding.text)
            << std::endl;
}

int doctor(const std::string& path, const Options& options) {
  BridgeConfig config = load_config(path);
  spdlog::set_level(spdlog::level::off);  // what the links say comes as findings
  find_credentials(config);
  nlohmann::json list = nlohmann::json::array();
  std::size_t errors = 0, warnings = 0;
  const Tell tell = [&](const Finding& finding) {
    if (finding.level == Finding::Level::error) ++errors;
    if (finding.level == Finding::Level::warning) ++warnings;
    if (!options.json) return print(finding);
    list.push_back({{"result", word_of(level_words, finding.level)},
                    {"where", finding.where},
                    {"check", finding.check},
                    {"text", finding.text}});
  };
  const auto told = std::ranges::count_if(config.warnings, [](const Problem& warning) {
    return warning.text.find("CREDENTIALS_DIRECTORY") == std::string::npos;  // those were found
  });
  tell({told == 0 ? Finding::Level::ok : Finding::Level::warning, "here", "configuration",
        told == 0 ? path + " is valid" : path + " has warnings; 'bascule check' lists them"});
  std::string unknown;
  const nlohmann::json status = ask_status(config, unknown);
  check_brokers(config, own_bridge(config, status, std::move(unknown)),
                options.probe_topics ? ProbeTopics::publish : ProbeTopics::never, tell);
  check_machine(config, {day_bytes(config, status), flash_years(status)}, tell);
  if (options.json) {
    std::cout << json_text(nlohmann::json{{"bridge", config.id},
                                          {"checks", list},
                                          {"errors", errors},
                                          {"warnings", warnings}},
                           2)
              << '\n';
  }
  return errors > 0 ? exit_code::failed : exit_code::done;
}

}  // namespace

void add_doctor(CLI::App& program, Choice& choice) {
  auto* command = program.add_subcommand("doctor", "Check brokers, line, disk and clock");
  command->footer(
      R"(Connects to both brokers as the bridge does, under client ids of its own (-doctor at the
end), so that a bridge that runs goes on. Says a line for each check:

  ok       the check has passed
  warning  the bridge works, and something will be missed some day: what to change
  error    the bridge cannot work so: what to change
  skipped  it was not looked at, and how it would be

It looks at the names in DNS, TCP, TLS and the days that certificates are valid, at each address of
a list and through the proxy; what the brokers allow (packets, QoS, messages in flight, retained
messages, sessions), held against max_payload, max_qos, retain and so on; whether they grant the
routes' filters, keep a session and the bookmark, and are two; whether another bridge with the
same id, or mosquitto's own bridge, is connected; at the clock, the disk's sync time and room,
permissions, and plugins.

It publishes below bascule/ID/doctor alone, and clears that. With --probe-topics it also sends the
message 'bascule doctor' to each route's target, where every wildcard becomes 'bascule-doctor':
over MQTT 5 the broker then says whether it lets the bridge publish there.

Runs with and without a daemon; as root, or as the user of the service, it may read its secrets.

Exit codes: 0 no error, also with warnings; 1 an error, or the configuration is not valid.

Examples:
  bascule doctor
  sudo bascule doctor --json
  bascule doctor -c new.yaml --probe-topics)");
  const auto options = std::make_shared<Options>();
  add_json_flag(command, options->json);
  command->add_flag("--probe-topics", options->probe_topics,
                    "Also publish a message to each route's target");
  command->callback([&choice, options] {
    choice.run = [&choice, options] { return doctor(choice.config, *options); };
  });
}

}  // namespace bascule
