#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "cli/command.hpp"
#include "cli/draft/answers.hpp"
#include "cli/draft/conversion.hpp"
#include "cli/draft/draft.hpp"
#include "cli/draft/mosquitto_conf.hpp"
#include "cli/draft/profile.hpp"
#include "config/config.hpp"
#include "link/broker_kind.hpp"
#include "text/words.hpp"

namespace bascule {

namespace {

struct Options : Answers {
  std::string from, connection, output;
  bool force = false;
};

struct Usage : std::runtime_error {
  using runtime_error::runtime_error;
};

constexpr auto service_file = "/etc/bascule/bascule.yaml";

std::string absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal();
}

std::string reason() { return std::generic_category().message(errno); }

// A file in memory, which `bascule check` can read.
class Memory {
 public:
  explicit Memory(const std::string& text) : file_(::memfd_create("bascule.yaml", MFD_CLOEXEC)) {
    if (file_ < 0 || ::write(file_, text.data(), text.size()) != std::ssize(text)) {
      throw std::runtime_error("the new configuration cannot be checked: " + reason());
    }
  }
  ~Memory() { ::close(file_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

// What `bascule check` will say of it: warnings on stderr; throws ConfigError over an error.
void check_text(const std::string& text, const std::string& target) {
  const Memory memory(text);
  const auto named = [&](std::vector<Problem> problems) {
    for (Problem& problem : problems) problem.file = target;
    return problems;
  };
  try {
    const BridgeConfig config = load_config(memory.path(), NamedFiles::ignored);
    for (const Problem& warning : named(config.warnings)) std::cerr << to_string(warning) << '\n';
  } catch (const ConfigError& error) {
    throw ConfigError(named(error.problems()));
  }
}

// All of it or nothing, also when the power goes. Without `force` no file is written over.
void write_file(const std::string& path, const std::string& text, bool force) {
  const std::string written = force ? path + ".new" : path;
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
  const int file = ::open(written.c_str(), flags, 0644);
  if (file < 0 && errno == EEXIST) {
    throw std::runtime_error(path +
                             " is there already: nothing is written; --force writes over it, "
                             "-o FILE writes another one, and -o - to the terminal");
  }
  if (file < 0) throw std::runtime_error(written + " cannot be written: " + reason());
  const bool done =
      ::write(file, text.data(), text.size()) == std::ssize(text) && ::fsync(file) == 0;
  const std::string why = reason();
  ::close(file);
  if (!done) {
    ::unlink(written.c_str());
    throw std::runtime_error(written + " cannot be written: " + why);
  }
  if (force) std::filesystem::rename(written, path);
}

void tell_next(const Draft& draft, const std::string& path) {
  for (const DraftLink* link : {&draft.site, &draft.central}) {
    if (link->password_file.empty()) continue;
    std::cerr << "bascule: next: the file " << link->password_file << ": "
              << how_to_fill(link->password_file, draft.instance) << '\n';
  }
  std::cerr << "bascule: next: bascule check -c " << path;
  if (draft.instance.empty() && absolute(path) != service_file) {
    std::cerr << " && bascule run -c " << path << "; the service reads " << service_file
              << ", and bascule@NAME /etc/bascule/NAME.yaml\n";
    return;
  }
  const std::string unit = draft.instance.empty() ? "bascule" : "bascule@" + draft.instance;
  std::cerr << " && systemctl enable --now " << unit << '\n';
}

void give(const Draft& draft, const std::string& output, bool force) {
  const std::string text = to_yaml(draft);
  const bool to_stdout = output == "-";
  for (const std::string& note : draft.notes) std::cerr << "bascule: " << note << '\n';
  check_text(text, to_stdout ? "the new configuration" : output);
  if (to_stdout) {
    std::cout << text;
    return;
  }
  write_file(output, text, force);
  std::cerr << "bascule: wrote " << output << '\n';
  tell_next(draft, output);
}

std::string names_of(const std::vector<MosquittoBridge>& bridges) {
  std::string names;
  for (const auto& bridge : bridges) {
    names += (names.empty() ? "" : ", ") + bridge.connection.value;
  }
  return names;
}

// The flags go before what the file says.
void override(Draft& draft, const Options& options) {
  const auto set = [](std::string& value, const std::string& flag) {
    if (!flag.empty()) value = flag;
  };
  if (options.site != Options{}.site) draft.site.url = options.site;
  set(draft.site.username, options.site_user);
  set(draft.site.password_file, options.site_password_file);
  set(draft.central.url, options.central);
  set(draft.central.username, options.user);
  set(draft.central.password_file, options.password_file);
  set(draft.central.ca_file, options.ca_file);
  set(draft.central.cert_file, options.cert_file);
  set(draft.central.key_file, options.key_file);
  set(draft.site.ca_file, options.site_ca_file);
  set(draft.site.cert_file, options.site_cert_file);
  set(draft.site.key_file, options.site_key_file);
  set(draft.data_dir, options.data_dir);
  set(draft.socket, options.socket);
  set_profile(draft, *value_of(broker_words, std::string_view(options.broker)));
}

std::string instance_of(const std::string& output) {
  const std::filesystem::path path(absolute(output));
  const bool further = path.parent_path() == "/etc/bascule" && path.filename() != "bascule.yaml";
  return further ? path.stem().string() : "";
}

int convert_all(const Options& options, const std::string& config) {
  const MosquittoConf conf = read_mosquitto_conf(options.from);
  std::vector<MosquittoBridge> chosen = conf.bridges;
  if (!options.connection.empty()) {
    std::erase_if(chosen, [&](const MosquittoBridge& bridge) {
      return bridge.connection.value != options.connection;
    });
    if (chosen.empty()) {
      throw std::runtime_error(options.from + " has no connection '" + options.connection +
                               "'; it has: " + names_of(conf.bridges));
    }
  }
  if (chosen.empty()) {
    throw std::runtime_error(options.from + " has no 'connection', and so no bridge to convert");
  }
  std::error_code error;
  const bool folder =
      options.output.ends_with('/') || std::filesystem::is_directory(options.output, error);
  if (chosen.size() > 1 && (!folder || !options.id.empty())) {
    throw Usage(options.from + " has " + std::to_string(chosen.size()) +
                " connections: " + names_of(chosen) +
                "; choose with --connection NAME, or name a folder for a file of each: -o FOLDER/");
  }
  const std::string file = options.output.empty() ? config : options.output;
  for (const MosquittoBridge& bridge : chosen) {
    const std::string id = options.id.empty() ? id_of(bridge.connection.value) : options.id;
    const std::string output =
        folder ? (std::filesystem::path(options.output) / (id + ".yaml")).string() : file;
    Draft draft = convert(bridge, conf, id, folder ? id : instance_of(output));
    override(draft, options);
    give(draft, output, options.force);
  }
  return exit_code::done;
}

int init(const Options& given, const std::string& config) {
  Options options = given;
  check(options);
  if (!options.from.empty()) return convert_all(options, config);
  if (!options.connection.empty()) throw Usage("--connection chooses one of --from FILE");
  if (options.id.empty() || options.central.empty()) {
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDERR_FILENO) == 0) {
      throw Usage(std::string(options.id.empty() ? "--id" : "--central") +
                  " is missing, and there is no terminal to ask at; 'bascule init --help' "
                  "explains");
    }
    ask(std::cin, std::cerr, options);
    check(options);
  }
  const std::string output = options.output.empty() ? config : options.output;
  give(draft_of(options, instance_of(output)), output, options.force);
  return exit_code::done;
}

void add_answers(CLI::App* command, Options& options) {
  const auto text = [&](const char* name, std::string& value, const char* type, const char* what) {
    command->add_option(name, value, what)->type_name(type);
  };
  text("--id", options.id, "ID", "Of this bridge, unique among your sites");
  text("--site", options.site, "URL", "The site's broker (default: mqtt://localhost:1883)");
  text("--site-user", options.site_user, "NAME", "User at the site's broker");
  text("--site-password-file", options.site_password_file, "FILE", "Where that user's password is");
  text("--central", options.central, "URL", "The central broker");
  text("--user", options.user, "NAME", "User at the central broker");
  text("--password-file", options.password_file, "FILE",
       "Where that user's password is (default: the service's credential central.password)");
  text("--ca", options.ca_file, "FILE", "Who signs the central broker's certificate, PEM");
  text("--cert", options.cert_file, "FILE",
       "Certificate of this bridge for it, with its chain, PEM");
  text("--key", options.key_file, "FILE", "Key of that certificate, without a passphrase, PEM");
  text("--site-ca", options.site_ca_file, "FILE", "Likewise, for the site's broker");
  text("--site-cert", options.site_cert_file, "FILE", "Likewise");
  text("--site-key", options.site_key_file, "FILE", "Likewise");
  text("--broker", options.broker, "KIND",
       "Of the central broker: auto, mosquitto, rabbitmq, nats or other");
  text("--data-dir", options.data_dir, "DIR",
       "Where the journal lives (default: /var/lib/bascule, the service's)");
  text("--socket", options.socket, "FILE",
       "Where commands ask (default: /run/bascule/control.sock, the service's)");
  const auto patterns = [&](const char* name, std::vector<std::string>& value, const char* what) {
    command->add_option(name, value, what)->type_name("TOPICS")->expected(1)->take_all();
  };
  patterns("--up", options.up, "Topics that go from the site to central; may be repeated");
  patterns("--down", options.down, "Topics that come from central to the site; may be repeated");
}

}  // namespace

void add_init(CLI::App& program, Choice& choice) {
  auto* command = program.add_subcommand("init", "Write a first configuration");
  command->footer(
      R"(Asks at a terminal for what no flag says. With --id and --central, or without a terminal,
it asks nothing. The file that it writes has comments, and 'bascule check' takes it; a file that is
there already is written over with --force alone. Secrets are never in it: it names the file of a
password, and says how to fill it so that the service alone can read it.

--broker sets what is known of that kind of central broker: the version of MQTT, the QoS, and as
comments what to set there.

With --from a bridge of mosquitto is converted: its 'connection', with the files of include_dir.
What has no counterpart, and what to do about it, is on stderr, a line each with its place, and in
the file as comments. Flags go before what mosquitto's file says. Of several connections one is
chosen with --connection; with -o FOLDER/ each gets a file of its own.

Exit codes: 0 written, 1 not written, 2 a flag is missing or wrong.

Examples:
  bascule init
  bascule init --id store-42 --central mqtts://central.example.net --user shop --up pos/#
  bascule init --id store-42 --central mqtts://central.example.net --cert /etc/bascule/shop.pem
      --key /etc/bascule/shop.key --up pos/#
  bascule init --from /etc/mosquitto/mosquitto.conf -o -
  bascule init --from /etc/mosquitto/conf.d/bridges.conf --connection cloud --force)");
  const auto options = std::make_shared<Options>();
  add_answers(command, *options);
  command->add_option("--from", options->from, "Convert the bridge of this mosquitto.conf")
      ->type_name("FILE");
  command->add_option("--connection", options->connection, "Which bridge of --from")
      ->type_name("NAME");
  command
      ->add_option("-o,--output", options->output,
                   "Where to write; '-' is the terminal (default: the configuration, -c)")
      ->type_name("FILE");
  command->add_flag("--force", options->force, "Write over a file that is there");
  command->callback([&choice, options] {
    choice.run = [&choice, options] {
      try {
        return init(*options, choice.config);
      } catch (const std::invalid_argument& wrong) {
        std::cerr << "bascule: " << wrong.what() << '\n';
      } catch (const Usage& wrong) {
        std::cerr << "bascule: " << wrong.what() << '\n';
      }
      return exit_code::usage;
    };
  });
}

}  // namespace bascule
