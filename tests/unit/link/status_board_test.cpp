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
