#include "link/status_board.hpp"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>

using namespace bascule;

namespace {

// What is logged while it lives; each line is the message alone.
class Log {
 public:
  Log() : former_(spdlog::default_logger()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
    auto logger = std::make_shared<spdlog::logger>("test", std::move(sink));
    logger->set_pattern("%v");
    spdlog::set_default_logger(std::move(logger));
  }
  ~Log() { spdlog::set_default_logger(former_); }
  std::string take() {
    std::string text = text_.str();
    text_.str("");
    return text;
  }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> former_;
};

}  // namespace

TEST_CASE("status board: a reason that differs in a time alone is logged once in an outage") {
  Log log;
  StatusBoard board("central", "mqtt://x");
  const auto ended = [](const char* time) {
    return std::string(
               "the broker refused; the token has expired, at 2026-11-27T10:00:00Z; it is ") +
           time + " by this machine's clock";
  };
  board.failed("cannot connect");
  CHECK(log.take().find("cannot connect") != std::string::npos);
  board.failed(ended("2026-11-27T11:00:00Z"));
  CHECK(log.take().find("T11:00:00Z") != std::string::npos);
  board.failed(ended("2026-11-27T11:00:05Z"));
  board.failed("cannot connect");
  CHECK(log.take().empty());
  CHECK(board.read().last_error == "cannot connect");
  board.failed("127.0.0.1:1884: cannot connect");
  CHECK_FALSE(log.take().empty());
}

TEST_CASE("status board: the first failure names the address, unless the reason does") {
  Log log;
  StatusBoard board("central", "mqtt://x:1");
  board.failed("cannot connect");
  CHECK(log.take() == "link central at mqtt://x:1: cannot connect; tried again until it is up\n");
  StatusBoard several("central", "mqtt://x:1");
  several.failed("mqtt://y:1: cannot connect");
  CHECK(log.take() == "link central: mqtt://y:1: cannot connect; tried again until it is up\n");
  StatusBoard hint("central", "mqtt://x:1");
  hint.failed("closed (mqtts:// in the url?)");
  CHECK(log.take().starts_with("link central at mqtt://x:1: closed (mqtts:// in the url?); tried"));
}

TEST_CASE("status board: a link that only asks what is retained has words of its own") {
  Log log;
  StatusBoard board("site (retained)", "mqtt://x");
  for (int time = 0; time < 2; ++time) {
    board.went_up(false, false);
    CHECK(log.take() ==
          "link site (retained): asks mqtt://x what it retains, on a connection of its own\n");
  }
  board.failed("cannot connect");
  CHECK(log.take().starts_with("link site (retained): could not ask what the broker retains"));
  board.failed("cannot connect");
  CHECK(log.take().empty());
  board.went_up(false, false);
  CHECK(log.take().find("it was down") == std::string::npos);
}
