// A policy that does what its input says, so that the host can be seen to survive it.
//
//   throw, segfault, hang, abort     as they say
//   error                            returns an error without a word
//   unknown lane, illegal topic      asks the host for what is impossible
//   once FILE                        segfaults if FILE is not there, and makes it first
//   link …                           what the line did goes to `links`
// Anything else goes up under its own topic, with a count of what has been decided.
#include <bascule/policy.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

namespace plugin = bascule::plugin;

struct Failed {};

class Faulty {
 public:
  explicit Faulty(const plugin::Options&) {}

  void decide(plugin::Step& step, const plugin::Input& input) const {
    const std::string word(input.payload());
    plugin::Output output;
    output.topic = std::string(input.topic());
    if (input.kind() == plugin::Input::Kind::link) {
      output.direction = plugin::Direction::down;
      output.topic = "links";
      output.payload = word;
      return step.emit(output);
    }
    const int count = std::stoi(step.get("count").value_or("0")) + 1;
    step.put("count", std::to_string(count));
    output.payload = word + " " + std::to_string(count);
    step.emit(output);
    misbehave(word, step, output);
  }

 private:
  static void misbehave(const std::string& word, plugin::Step& step, plugin::Output& output) {
    if (word == "throw") throw std::runtime_error("thrown on purpose");
    if (word == "error") throw Failed{};
    if (word == "segfault") std::raise(SIGSEGV);
    if (word == "abort") std::abort();
    if (word == "hang") {
      while (true) {
        asm volatile("");
      }
    }
    if (word == "unknown lane") output.lane = "nowhere", step.emit(output);
    if (word == "illegal topic") output.topic = "a/#", step.emit(output);
    if (word.starts_with("once ")) {
      const std::string file = word.substr(5);
      if (std::filesystem::exists(file)) return;
      std::ofstream(file) << "was here\n";
      std::raise(SIGSEGV);
    }
  }
};

}  // namespace

BASCULE_POLICY(Faulty, "faulty", "1", "misbehaves as it is told")
