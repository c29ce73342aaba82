#include "config/config.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "config/control.hpp"
#include "config/link/links.hpp"
#include "config/policies.hpp"
#include "config/routes.hpp"
#include "config/secrets.hpp"
#include "config/section.hpp"
#include "config/values.hpp"
#include "config/yaml.hpp"
#include "journal/backlog/retention.hpp"
#include "journal/books/books.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;
constexpr auto day = 24h;
constexpr std::uint64_t kibi = 1024;
constexpr std::uint64_t mebi = kibi * 1024;
constexpr std::uint64_t tebi = mebi * 1024 * 1024;
constexpr std::size_t file_bytes_max = 16 << 20;  // more than 10,000 routes take

[[noreturn]] void fail(const std::string& path, Position at, const std::string& text) {
  throw ConfigError({{path, at.line, at.column, text}});
}

std::string read_file(const std::string& path) {
  const Position whole_file{0, 0};
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) fail(path, whole_file, "is a directory");
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    const int reason = errno;
    if (reason == ENOENT) {
      fail(path, whole_file, "no such file; name another with -c FILE");
    }
    fail(path, whole_file, "cannot be read: " + std::generic_category().message(reason));
  }
  std::string source(file_bytes_max + 1, '\0');
  in.read(source.data(), static_cast<std::streamsize>(source.size()));
  source.resize(static_cast<std::size_t>(in.gcount()));
  if (source.size() > file_bytes_max) fail(path, whole_file, "is larger than 16MiB");
  return source;
}

YamlNode read_yaml(const std::string& path) {
  try {
    return parse_yaml(read_file(path));
  } catch (const YamlError& error) {
    fail(path, error.at, error.what());
  }
}

void read_bridge(Section& file, BridgeConfig& config) {
  Section bridge = file.section("bridge");
  bridge.need("id", config.id, identifier);
  bridge.read("data_dir", config.data_dir, absolute_path);
  bridge.read("plugin_dir", config.plugin_dir, absolute_path);
  bridge.refuse("stamp_key",
                "a key does not belong in this file; put it in a file of its own and name that "
                "with \"stamp_key_file\"");
  bridge.read("stamp_key_file", config.stamp_key_file, readable_file);
  warn_of_credential(bridge, "stamp_key_file", config.stamp_key_file);
  bridge.finish();
  config.journal.data_dir = config.data_dir;
}

std::uint64_t flash_size(const std::string& text) {
  return within(parse_flash_size(text), 64 * mebi, 1'024 * tebi, text, size_text);
}

// What it can be written in its life, in one figure or as its maker has it.
void read_endurance(Section& journal, JournalSettings& settings) {
  journal.read("endurance", settings.endurance_bytes, size(1'024 * mebi, 65'536 * tebi));
  if (journal.is_text("flash") || journal.is_list("flash")) {
    return journal.refuse(
        "flash", "\"flash\" must be a map, such as flash: {size: 32GB, full_writes: 3000}");
  }
  Section flash = journal.section("flash");
  if (!journal.has("flash")) return;
  if (journal.has("endurance")) {
    journal.complain("flash", "\"flash\" and \"endurance\" say the same; use one of them");
  }
  std::uint64_t bytes = 0;
  std::int64_t times = 0;
  const bool known = flash.need("size", bytes, flash_size);
  if (flash.need("full_writes", times, whole(1, 10'000'000)) && known) {
    constexpr std::uint64_t most = 65'536 * tebi;
    const auto count = static_cast<std::uint64_t>(times);
    settings.endurance_bytes = count > most / bytes ? most : bytes * count;
  }
  flash.finish();
}

void read_journal(Section& file, JournalSettings& settings) {
  Section journal = file.section("journal");
  journal.read("sync", settings.sync, one_of(sync_words));
  journal.read("gather", settings.gather_ms, duration_ms(0s, 10s));
  if (settings.gather_ms > 1'000) {
    journal.warn("gather",
                 "with \"gather\" above 1s each message waits as long before it crosses, "
                 "and brokers wait as long for acknowledgements; 500ms saves nearly as "
                 "much");
  }
  journal.read("max_size", settings.max_size_bytes, size(mebi, 16 * tebi));
  journal.read("min_free", settings.min_free_bytes, size(0, tebi));
  if (journal.has("min_free") && settings.min_free_bytes < drain_bytes) {
    journal.warn("min_free", "\"min_free\" is " + size_text(settings.min_free_bytes) + "; " +
                                 size_text(drain_bytes) +
                                 " are left free in any case, so that a full disk can drain");
  }
  journal.read("when_full", settings.when_full, one_of(when_full_words));
  journal.read("keep_forwarded", settings.keep_forwarded_ms, duration_ms(0s, 3'650 * day));
  journal.read("max_payload", settings.max_payload_bytes, size(kibi, 255 * mebi));
  if (settings.max_payload_bytes > settings.max_size_bytes) {
    journal.complain(journal.has("max_payload") ? "max_payload" : "max_size",
                     "\"max_payload\" (" + size_text(settings.max_payload_bytes) +
                         ") must not be more than \"max_size\" (" +
                         size_text(settings.max_size_bytes) + ')');
  }
  journal.read("must_exist", settings.must_exist, boolean);
  read_endurance(journal, settings);
  journal.finish();
}

LaneSettings read_lane(Section& lanes, const std::string& name) {
  LaneSettings settings;
  settings.name = name;
  Section lane = lanes.section(name);
  lane.read("priority", settings.priority, whole(0, 9));
  lane.read("rate", settings.rate, parse_rate);
  lane.read("hours", settings.hours, parse_hours);
  lane.read("ttl", settings.ttl_ms, duration_ms(1s, 3'650 * day));
  lane.read("quarantine_held_after", settings.quarantine_held_after_ms,
            duration_ms(1s, 3'650 * day));
  lane.read("max_size", settings.max_size_bytes, size(64 * kibi, 16 * tebi));
  lane.read("when_full", settings.when_full, one_of(when_full_words));
  lane.read("keep", settings.keep, one_of(keep_words));
  lane.read("resend", settings.resend, one_of(resend_words));
  lane.finish();
  return settings;
}

void read_lanes(Section& file, std::vector<LaneSettings>& settings) {
  Section lanes = file.section("lanes");
  for (const std::string& name : lanes.keys()) {
    try {
      identifier(name);
    } catch (const std::invalid_argument& wrong) {
      lanes.refuse(name, std::string("the name of a lane ") + wrong.what());
    }
    if (name == events_lane) {
      lanes.refuse(name, "the lane \"events\" is the bridge's own; choose another name");
    }
    settings.push_back(read_lane(lanes, name));
  }
  const auto is_default = [](const LaneSettings& lane) { return lane.name == "default"; };
  if (std::none_of(settings.begin(), settings.end(), is_default)) settings.emplace_back();
}

void read_log(Section& file, LogSettings& settings) {
  Section log = file.section("log");
  log.read("level", settings.level, one_of(log_level_words));
  log.read("format", settings.format, one_of(log_format_words));
  log.finish();
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string where = problem.file;
  if (problem.line > 0) {
    where += ':' + std::to_string(problem.line) + ':' + std::to_string(problem.column);
  }
  return where + (problem.warning ? ": warning: " : ": error: ") + problem.text;
}

ConfigError::ConfigError(std::vector<Problem> problems) : problems_(std::move(problems)) {
  for (const Problem& problem : problems_) {
    if (!what_.empty()) what_ += '\n';
    what_ += to_string(problem);
  }
}

BridgeConfig load_config(const std::string& path, NamedFiles files) {
  const YamlNode root = read_yaml(path);
  if (root.kind == YamlNode::Kind::null) {
    fail(path, {0, 0}, "is empty; it needs \"bridge\", \"site\" and \"central\"");
  }
  Problems problems(path);
  Section file("the file", root, Position{}, problems);
  BridgeConfig config;
  config.file = path;
  read_bridge(file, config);
  // Checks that need an id go on without one.
  const std::string id = config.id.empty() ? "id" : config.id;
  read_journal(file, config.journal);
  read_links(file, id, config);
  read_lanes(file, config.lanes);
  read_policies(file, config, problems);
  read_routes(file, id, config, problems);
  finish_policies(file, config, problems);
  read_control(file, config.control);
  read_log(file, config.log);
  file.finish();
  problems.throw_if_any(files);
  config.warnings = problems.warnings();
  return config;
}

std::string control_socket_in(const std::string& path) {
  ControlSettings control;
  try {
    const YamlNode root = read_yaml(path);
    Problems problems(path);
    Section file("the file", root, Position{}, problems);
    read_control(file, control);
  } catch (const ConfigError&) {
    // The default is worth a try.
  }
  return control.socket;
}

}  // namespace bascule
