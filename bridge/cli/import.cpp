#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/print.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/terminal.hpp"
#include "cli/view/units.hpp"
#include "clock.hpp"
#include "config/stages.hpp"
#include "message/stamp.hpp"
#include "stick/beginning.hpp"
#include "stick/carrier.hpp"
#include "stick/stick_reader.hpp"
#include "text/fields.hpp"

namespace bascule {
namespace {

using nlohmann::json;

struct Options {
  bool as_json = false;
  std::string file;
  bool check = false, anyway = false;
};

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::generic_category().message(errno));
}

// A file that is read twice: what comes through a pipe is kept meanwhile, without a name.
class Input {
 public:
  explicit Input(const std::string& path) {
    fd_ = path == "-" ? spooled() : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) fail("cannot read " + path);
  }
  ~Input() {
    if (fd_ >= 0) ::close(fd_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  StickReader read() const {
    if (::lseek(fd_, 0, SEEK_SET) != 0) fail("cannot read the stick from its begin");
    return StickReader([fd = fd_](char* to, std::size_t most) { return next(fd, to, most); });
  }

 private:
  static std::size_t next(int fd, char* to, std::size_t most) {
    while (true) {
      const ssize_t count = ::read(fd, to, most);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) fail("cannot read the stick");
    }
  }

  static int spooled() {
    const char* folder = std::getenv("TMPDIR");
    std::string name = std::string(folder != nullptr ? folder : "/tmp") + "/bascule-import-XXXXXX";
    const int fd = ::mkostemp(name.data(), O_CLOEXEC);
    if (fd < 0) fail("cannot write " + name);
    ::unlink(name.c_str());
    std::string bytes(1 << 16, '\0');
    while (const std::size_t count = next(STDIN_FILENO, bytes.data(), bytes.size())) {
      for (std::size_t at = 0; at < count;) {
        const ssize_t written = ::write(fd, bytes.data() + at, count - at);
        if (written < 0) fail("cannot keep what comes through the pipe");
        at += static_cast<std::size_t>(written);
      }
    }
    return fd;
  }

  int fd_ = -1;
};

// What became of a lane.
struct Account {
  StickLane lane;
  std::uint64_t on_stick = 0, published = 0, known = 0;
  Beginning beginning{};
};

struct Stick {
  StickHead head;
  std::vector<Account> lanes;
  std::uint64_t messages = 0;
  std::string hash{};
};

// Nothing: no key is configured.
std::optional<Prover> prover_of(const BridgeConfig& config) {
  if (config.stamp_key_file.starts_with("${")) {
    throw std::runtime_error(
        "stamp_key_file is a credential that only the service sees, and what is on a stick is "
        "proven by its key: name a file there that you may read");
  }
  const std::string key = read_stamp_key(config);
  if (key.empty()) return std::nullopt;
  return Prover(key);
}

[[noreturn]] void not_proven() {
  throw std::runtime_error(
      "the stick is not proven by this bridge's stamp_key_file: it is from a bridge with another "
      "key or without one, or forged");
}

[[noreturn]] void changed() {
  throw std::runtime_error("the stick has changed while it was read: copy it, and run this again");
}

// The message is that of its place on the stick. `key`: null: there is none.
void require_own_stamp(const StickHead& head, const StickLane& lane, const StickMessage& one,
                       Prover* key) {
  if (!head.stamps) return;  // the stick's own proof says so
  const StampText text = find_stamp(one.message.properties);
  const auto stamp =
      key != nullptr ? proven_stamp(text, one.message, *key) : parse_stamp(text.stamp);
  if (!stamp && key != nullptr) not_proven();
  if (!stamp || stamp->origin != head.bridge || stamp->epoch != head.epoch ||
      stamp->lane != lane.name || stamp->sequence != one.sequence) {
    throw std::runtime_error("the stick is damaged, or forged: message " +
                             std::to_string(one.sequence) + " of lane " + lane.name +
                             " does not bear its own stamp");
  }
}

// The whole of it, before anything is done with it.
Stick checked(const Input& input, Prover* key) {
  StickReader reader = input.read();
  Stick stick{reader.head(), {}, 0};
  while (true) {
    switch (reader.next()) {
      case StickReader::Next::lane:
        for (const Account& before : stick.lanes) {
          if (before.lane.name == reader.lane().name) {
            throw std::runtime_error("the stick is damaged, or forged: it has lane " +
                                     reader.lane().name + " twice");
          }
        }
        stick.lanes.push_back({reader.lane()});
        break;
      case StickReader::Next::message:
        ++stick.lanes.back().on_stick;
        require_own_stamp(stick.head, reader.lane(), reader.message(), key);
        break;
      case StickReader::Next::end:
        if (key != nullptr && !reader.proven(*key)) not_proven();
        stick.messages = reader.messages();
        stick.hash = reader.hash();
        return stick;
    }
  }
}

std::vector<std::string> doubts_of(Stick& stick, const FarKnowledge& far) {
  std::vector<std::string> doubts;
  if (stick.head.bookmark.empty()) {
    doubts.push_back(stick.head.bridge + " keeps no bookmark: what has come here is not known");
  }
  if (far.online.value_or(false)) {
    doubts.push_back(stick.head.bridge + " says to be online here, and sends what waits itself");
  }
  for (Account& account : stick.lanes) {
    account.beginning = begin_in(stick.head, account.lane, far);
    const bool any = account.on_stick > 0;
    if (!account.beginning.certain && any) {
      doubts.push_back("lane " + account.lane.name + ": " + account.beginning.why);
    }
  }
  return doubts;
}

// Since the export; 0 where one of the two clocks is not to be trusted.
std::int64_t waited_ms(const StickMessage& message) {
  const Now at = now();
  return at.synchronized && message.aged_ms > 0 ? at.wall_ms - message.aged_ms : 0;
}

// What is read now is checked again: somebody else may have the file, too.
void publish(const Input& input, Stick& stick, Carrier& carrier, Prover* key) {
  StickReader reader = input.read();
  auto account = stick.lanes.end();
  const bool shown = ::isatty(STDERR_FILENO) != 0;
  std::uint64_t passed = 0, in_lane = 0;
  const auto end_lane = [&] {
    if (account == stick.lanes.end()) return;
    if (in_lane != account->on_stick) changed();
    if (account->beginning.certain && account->lane.last >= account->beginning.from) {
      carrier.through(account->lane.name, account->lane.last);
    }
  };
  while (true) {
    const StickReader::Next next = reader.next();
    if (next == StickReader::Next::end && reader.hash() != stick.hash) changed();
    if (next != StickReader::Next::message) end_lane();
    if (next == StickReader::Next::end) break;
    if (next == StickReader::Next::lane) {
      account = account == stick.lanes.end() ? stick.lanes.begin() : account + 1;
      if (account == stick.lanes.end() || account->lane != reader.lane()) changed();
      in_lane = 0;
      continue;
    }
    const StickMessage& message = reader.message();
    require_own_stamp(stick.head, account->lane, message, key);
    ++in_lane;
    if (shown && ++passed % 500 == 0) {
      print_progress("imported", passed, stick.messages, "messages");
    }
    if (message.sequence < account->beginning.from) {
      ++account->known;
      continue;
    }
    carrier.send(account->lane.name, message, aged(message.message.properties, waited_ms(message)));
    ++account->published;
  }
  if (shown) end_progress();
  carrier.finish();
}

json told_of(const Stick& stick, bool moves) {
  json lanes = json::array();
  for (const Account& one : stick.lanes) {
    lanes.push_back({{"name", one.lane.name},
                     {"on_stick", one.on_stick},
                     {"published", one.published},
                     {"known", one.known},
                     {"first", one.lane.first},
                     {"last", one.lane.last}});
  }
  return {{"bridge", stick.head.bridge},   {"epoch", stick.head.epoch},
          {"made_ms", stick.head.made_ms}, {"messages", stick.messages},
          {"bookmark_moved", moves},       {"lanes", std::move(lanes)}};
}

std::string render(const json& answer, bool) {
  std::string text;
  for (const json& lane : answer["lanes"]) {
    if (count_of(lane, "on_stick") == 0) continue;
    text += "lane " + escaped(text_of(lane, "name")) + ": " +
            counted(count_of(lane, "published"), "message") + " published";
    if (const auto known = count_of(lane, "known")) {
      text += ", " + count_text(known) + " had come before";
    }
    text += '\n';
  }
  if (text.empty()) text = "nothing is on it\n";
  if (!answer["bookmark_moved"].get<bool>()) {
    text += "the bookmark is as it was: " + escaped(text_of(answer, "bridge")) +
            " sends them again when it connects, and receivers know them by their stamps\n";
  }
  return text;
}

std::string render_check(const json& answer, bool) {
  std::string text = "a stick of " + escaped(text_of(answer, "bridge")) + ", epoch " +
                     escaped(text_of(answer, "epoch")) + ": every byte is as it was written\n";
  for (const json& lane : answer["lanes"]) {
    if (count_of(lane, "on_stick") == 0) continue;
    text += "lane " + escaped(text_of(lane, "name")) + ": " +
            counted(count_of(lane, "on_stick"), "message") + " from " +
            std::to_string(count_of(lane, "first")) + " to " +
            std::to_string(count_of(lane, "last")) + '\n';
  }
  return text;
}

int take(const BridgeConfig& config, const Options& options) {
  const Input input(options.file);
  std::optional<Prover> prover = prover_of(config);
  Prover* const key = prover ? &*prover : nullptr;
  Stick stick = checked(input, key);
  if (options.check) return print(told_of(stick, false), options.as_json, render_check);
  spdlog::set_level(spdlog::level::off);  // of the link; what matters is said below
  Carrier carrier(config.hub ? config.site : config.central, stick.head);
  const FarKnowledge far = carrier.ask();
  const auto doubts = doubts_of(stick, far);
  for (const std::string& doubt : doubts) {
    if (options.anyway) std::cerr << "bascule: " << escaped(doubt) << '\n';
  }
  if (!doubts.empty() && !options.anyway) {
    throw std::runtime_error(escaped(doubts.front()) +
                             "; nothing was published: 'bascule journal import --help' says "
                             "what to do");
  }
  const bool moves = doubts.empty();
  carrier.begin(far, lanes_known(stick.head, far), moves);
  try {
    publish(input, stick, carrier, key);
  } catch (const std::exception& error) {
    carrier.leave();
    throw std::runtime_error(escaped(error.what()));
  }
  return print(told_of(stick, moves), options.as_json, render);
}

}  // namespace

void add_import(CLI::App& journal, Choice& choice) {
  const auto options = std::make_shared<Options>();
  auto* command = add_subcommand(journal, choice, options, "import",
                                 "Publish what 'export' has written, at the central broker", take);
  command->add_option("FILE", options->file, "What 'export' has written; -: standard input")
      ->required()
      ->type_name("");
  command->add_flag("--check", options->check, "Only read it: is every byte as it was written?");
  command->add_flag("--anyway", options->anyway,
                    "Also where it is not certain what has come before (see below)");
  add_json_flag(command, options->as_json);
  command->footer(
      R"(At any bascule that reaches the central broker, as the hub's: publishes there, by the
link of this configuration, what the site would have published, as it would have, and moves the
site's bookmark with it. So the site passes over it when the line is back, and what came by the
line, by another stick or by this one before is left out here. It may be ended and begun again.
The stick is read and checked as a whole first. No daemon is needed, and none is asked.

It is refused, and nothing is published, where
  - messages between the bookmark and the stick are missing: import an older stick first, or
    export with --history;
  - the site says to be online at the broker: then the line does it;
  - the stick is of another epoch than the bookmark, as after a new journal at the site: export
    again there;
  - the site keeps no bookmark.
With --anyway it is published all the same, and the bookmark stays: nothing can be missed, the
site sends all of it again, and receivers drop repeats by the stamp.

It ends at a message that the broker refuses or that is too large for it, and says which. The
bookmark stays before it, so the next import ends there again until the broker takes it. When the
line is back, the site holds or quarantines it, as always, and sends what is behind it.

The user of the link has to be allowed to publish what the site publishes, and to publish and
subscribe its bookmark, bascule/SITE/bookmark/up, and its state. With stamp_key_file, only sticks
of bridges with the same key are taken. Without it take sticks from people alone whom you trust:
a forged one publishes whatever it likes, and makes the site pass over what waits there.

Exit codes: 0 done, 1 failed or refused.

Examples:
  bascule journal import /media/stick/store-42.bascule
  bascule journal import --check /media/stick/store-42.bascule
  age -d -i key.txt /media/stick/store-42.bascule.age | bascule journal import -)");
}

}  // namespace bascule
