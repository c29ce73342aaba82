#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base64.hpp"
#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/print.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/units.hpp"
#include "clock.hpp"
#include "config/stages.hpp"
#include "control/query/carry_query.hpp"
#include "message/stamp.hpp"
#include "stick/stick_writer.hpp"
#include "text/fields.hpp"

namespace bascule {
namespace {

using nlohmann::json;

struct Options {
  bool as_json = false;
  std::string file;
  std::vector<std::string> lanes;
  bool history = false;
};

// The file appears under its name only when all of it is on the medium. Only its owner may read it.
class StickFile {
 public:
  explicit StickFile(const std::string& path) : path_(path), part_(path + ".part") {
    if (path == "-") {
      fd_ = STDOUT_FILENO;
      return;
    }
    if (std::filesystem::exists(path)) {
      throw std::runtime_error(path + " is there already; name another file");
    }
    fd_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd_ < 0) fail("cannot write " + part_);
  }
  ~StickFile() {
    if (path_ == "-" || fd_ < 0) return;
    ::close(fd_);
    std::remove(part_.c_str());  // not there after keep()
  }
  StickFile(const StickFile&) = delete;
  StickFile& operator=(const StickFile&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("cannot write " + (path_ == "-" ? "to standard output" : part_));
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  void keep() {
    if (path_ == "-") return;
    if (::fsync(fd_) != 0) fail("cannot write " + part_);
    if (std::rename(part_.c_str(), path_.c_str()) != 0) fail("cannot write " + path_);
    const std::string parent = std::filesystem::absolute(path_).parent_path();
    const int folder = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = folder >= 0 && ::fsync(folder) == 0;
    if (folder >= 0) ::close(folder);
    if (!synced) fail("cannot write " + parent);
  }

 private:
  [[noreturn]] static void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + std::generic_category().message(errno));
  }

  const std::string path_, part_;
  int fd_ = -1;
};

json ask_lane(const BridgeConfig& config, const Options& options, const std::string& lane) {
  Query query;
  query.set("lane", lane);
  if (options.history) query.set("history", "1");
  return answer(config, carry_question, query);
}

using Lanes = std::vector<std::pair<std::string, json>>;

// The lane of those that it waits for which is not among `lanes`; empty: none.
std::string missing_before(const json& lane, const Lanes& lanes) {
  const json before = lane.value("behind", json::array());
  for (const json& name : before) {
    const auto text = name.get<std::string>();
    const bool there =
        std::any_of(lanes.begin(), lanes.end(), [&](const auto& one) { return one.first == text; });
    if (!there) return text;
  }
  return {};
}

// Each behind those that it waits for, and else as they were: the stick is published lane by lane.
Lanes in_order(Lanes lanes) {
  Lanes ordered;
  while (!lanes.empty()) {
    const auto next = std::find_if(lanes.begin(), lanes.end(), [&](const auto& one) {
      return missing_before(one.second, ordered).empty();
    });
    if (next == lanes.end()) {
      throw std::runtime_error("what waits in lane " + lanes.front().first +
                               " comes after what waits in lane " +
                               missing_before(lanes.front().second, ordered) +
                               ", since a route was given another lane: export both, without "
                               "--lane; if that is refused, too, wait for the line");
    }
    ordered.push_back(std::move(*next));
    lanes.erase(next);
  }
  return ordered;
}

// The lanes that are asked for, with what each is now.
Lanes lanes_of(const BridgeConfig& config, const Options& options) {
  std::vector<std::string> names = options.lanes;
  if (names.empty()) {
    names = ask_lane(config, options, "default")["lanes"].get<std::vector<std::string>>();
  }
  Lanes lanes;
  for (const std::string& name : names) {
    const auto is_it = [&name](const auto& one) { return one.first == name; };
    if (std::ranges::any_of(lanes, is_it)) continue;  // asked for twice, it is there once
    lanes.emplace_back(name, ask_lane(config, options, name));
  }
  return in_order(std::move(lanes));
}

StickHead head_of(const BridgeConfig& config, const json& lane) {
  const OwnTopicNames own = own_at_centre(config);
  StickHead head{config.id,
                 text_of(lane, "epoch"),
                 text_of(lane, "marked"),
                 own.bookmark(Direction::up),
                 own.state(),
                 std::chrono::duration_cast<std::chrono::milliseconds>(
                     std::chrono::system_clock::now().time_since_epoch())
                     .count(),
                 config.central.stamp,
                 {}};
  for (const auto& [name, cursor] : lane["cursors"].items()) {
    head.cursors[name] = cursor.get<std::uint64_t>();
  }
  return head;
}

std::string bytes_of(const json& message, const char* name) {
  const auto bytes = from_base64(text_of(message, name));
  if (!bytes) throw std::runtime_error("the daemon's answer cannot be read");
  return *bytes;
}

// As the site would have published it.
class Messages {
 public:
  Messages(const BridgeConfig& config, StickHead head)
      : config_(config), head_(std::move(head)), prover_(read_stamp_key(config)) {}

  void write(StickWriter& writer, const std::string& lane, const json& message) {
    const std::string topic = bytes_of(message, "topic_base64");
    const std::string payload = bytes_of(message, "payload_base64");
    const std::string properties = bytes_of(message, "properties_base64");
    StickMessage out;
    out.sequence = count_of(message, "sequence");
    const auto captured_ms = message["captured_ms"].get<std::int64_t>();
    // By boot time, as by the line. What passes from here on the import takes off.
    const Now at = now();
    out.aged_ms = at.synchronized ? at.wall_ms : 0;
    const auto waited_s = static_cast<std::uint32_t>(count_of(message, "age_ms") / 1'000);
    out.message = {topic, payload, properties,
                   static_cast<Qos>(std::min<std::uint64_t>(count_of(message, "qos"), 2)),
                   message["retain"].get<bool>()};
    if (head_.stamps) {
      restamp(out.message, {config_.id, head_.epoch, lane, out.sequence, captured_ms}, waited_s,
              prover_, stamped_);
    } else {
      copy_aged(out.message.properties, waited_s, stamped_);
    }
    out.message.properties = stamped_;
    writer.message(out);
  }

 private:
  const BridgeConfig& config_;
  const StickHead head_;
  Prover prover_;
  std::string stamped_;
};

[[noreturn]] void new_epoch() {
  throw std::runtime_error("the journal has begun a new epoch meanwhile; export again");
}

// `epoch`: of the head.
json write_lane(const BridgeConfig& config, const std::string& name, const json& lane,
                const std::string& epoch, Messages& messages, StickWriter& writer) {
  if (text_of(lane, "epoch") != epoch) new_epoch();
  const std::uint64_t first = count_of(lane, "first"), last = count_of(lane, "last");
  writer.lane({name, first, std::max(last, first - 1), count_of(lane, "cursor")});
  const std::uint64_t before = writer.messages();
  const bool shown = ::isatty(STDERR_FILENO) != 0;
  Query query;
  query.set("lane", name).set("to", std::to_string(last));
  for (std::uint64_t from = first; from != 0 && from <= last;) {
    query.set("from", std::to_string(from));
    const json part = answer(config, carry_question, query);
    if (text_of(part, "epoch") != epoch) new_epoch();
    for (const json& message : part["messages"]) messages.write(writer, name, message);
    from = part.contains("next") ? count_of(part, "next") : 0;
    if (shown) print_progress("exported", writer.messages() - before, last - first + 1, "messages");
  }
  if (shown) end_progress();
  return {{"name", name},
          {"first", first},
          {"last", last},
          {"messages", writer.messages() - before},
          {"held", count_of(lane, "held")}};
}

std::string render(const json& answer, bool) {
  std::string text;
  for (const json& lane : answer["lanes"]) {
    const std::uint64_t messages = count_of(lane, "messages"), held = count_of(lane, "held");
    if (messages == 0 && held == 0) continue;
    text += "lane " + text_of(lane, "name") + ": " + counted(messages, "message");
    if (messages > 0) {
      text += " from " + std::to_string(count_of(lane, "first")) + " to " +
              std::to_string(count_of(lane, "last"));
    }
    if (held > 0) text += "; " + counted(held, "held message") + " stay here";
    text += '\n';
  }
  return text + counted(count_of(answer, "messages"), "message") + ", " +
         bytes_text(count_of(answer, "bytes")) + ", in " + text_of(answer, "file") + '\n';
}

int write_stick(const BridgeConfig& config, const Options& options) {
  if (config.hub || config.central.url.empty()) {
    throw std::runtime_error("this bridge has no central broker: nothing goes up from here");
  }
  if (options.file == "-" && ::isatty(STDOUT_FILENO) != 0) {
    throw std::runtime_error("standard output is a terminal: name a file, or a pipe behind this");
  }
  if (config.stamp_key_file.starts_with("${")) {
    throw std::runtime_error(
        "stamp_key_file is a credential that only the service sees, and the "
        "stamps need its key: name a file there that you may read");
  }
  const auto lanes = lanes_of(config, options);
  const StickHead head = head_of(config, lanes.front().second);
  Messages messages(config, head);
  StickFile file(options.file);
  StickWriter writer(head, BASCULE_VERSION, [&](std::string_view bytes) { file.write(bytes); });
  json told = {{"bridge", config.id}, {"epoch", head.epoch}, {"file", options.file}};
  for (const auto& [name, lane] : lanes) {
    told["lanes"].push_back(write_lane(config, name, lane, head.epoch, messages, writer));
  }
  const std::string key = read_stamp_key(config);
  Prover prover(key);
  writer.end(key.empty() ? nullptr : &prover);
  file.keep();
  told["messages"] = writer.messages();
  told["bytes"] = writer.written_bytes();
  if (!head.stamps) {
    std::cerr << "bascule: 'stamp: off': receivers cannot tell a repeat, should the line come back "
                 "while this is imported\n";
  }
  if (options.file != "-") return print(told, options.as_json, render);
  std::cerr << render(told, false);
  return exit_code::done;
}

}  // namespace

void add_export(CLI::App& journal, Choice& choice) {
  const auto options = std::make_shared<Options>();
  auto* command =
      add_subcommand(journal, choice, options, "export",
                     "Write what waits for central into a file, to be carried there", write_stick);
  command->add_option("FILE", options->file, "Where to, such as a USB stick; -: standard output")
      ->required()
      ->type_name("");
  command->add_option("--lane", options->lanes, "Only this lane; may be given again")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command->add_flag("--history", options->history,
                    "Also all that has crossed and is kept, for a centre that has lost it");
  add_json_flag(command, options->as_json);
  command->footer(
      R"(Asks the daemon; if none runs, the journal is read directly. Changes nothing: the bridge
goes on with the same messages when the line is back, and passes over what 'bascule journal
import' has brought to the central broker meanwhile. The file has all that waits in the lanes
up, and what has crossed and the broker's bookmark may not cover yet; compressed (zstd), with
checksums. It is not encrypted: anyone who has it can read it. Through a pipe it can be.

What the central broker refuses (held) and what is quarantined stays here.

Exit codes: 0 done, 1 failed.

Examples:
  bascule journal export /media/stick/store-42.bascule
  bascule journal export --lane sales /media/stick/sales.bascule
  bascule journal export - | age -r age1... > /media/stick/store-42.bascule.age)");
}

}  // namespace bascule
