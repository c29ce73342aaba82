#include "daemon.hpp"

#include <malloc.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <csignal>

#include "clock.hpp"
#include "control/queries.hpp"
#include "control/report.hpp"
#include "control/server.hpp"
#include "crossing.hpp"

namespace bascule {
namespace {

// SIGTERM, SIGINT: an orderly end. They are blocked in every thread and taken by the main one.
sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// The end in its order, however it comes: whoever calls others stops before these go away, the
// journal last, since it calls back into all of them.
struct Ending {
  ControlServer& control;
  Crossing& site;
  Crossing& central;
  Journal& journal;
  ~Ending() {
    control.stop();
    site.stop();
    central.stop();
    journal.stop();
  }
};

ControlHandlers control_handlers(const BridgeConfig& config, Journal& journal, Crossing& site,
                                 Crossing& central) {
  ControlHandlers handlers;
  const std::int64_t started_ms = boottime_ms();
  handlers["GET /v1/status"] = [&, started_ms](const Query&) {
    StatusParts parts;
    parts.bridge = config.id;
    parts.uptime_ms = boottime_ms() - started_ms;
    parts.sync = config.journal.sync == JournalSettings::Sync::full ? "full" : "normal";
    parts.journal = journal.report();
    parts.site = site.status();
    parts.central = central.status();
    parts.in_flight[static_cast<int>(Direction::up)] = central.in_flight();
    parts.in_flight[static_cast<int>(Direction::down)] = site.in_flight();
    return status_report(parts);
  };
  for (const char* question : journal_questions) {
    handlers[std::string("GET ") + question] = [&config, &journal, question](const Query& query) {
      nlohmann::json answer;
      journal.inspect([&](JournalCore& core) {
        answer = journal_query(core, config.data_dir, question, query);
      });
      return answer;
    };
  }
  return handlers;
}

}  // namespace

int run_daemon(const BridgeConfig& config) {
  configure_log(config.log);
  // Fixed, it stays so: else the allocator takes buffers that come and go for a reason to keep more
  // and more of what was freed.
  mallopt(M_MMAP_THRESHOLD, 512 << 10);
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  Journal journal(config.journal, config.id, config.lanes);
  Events events(config.id, journal);
  Crossing site(config.id, config.site, Direction::up, config.routes, journal, events);
  Crossing central(config.id, config.central, Direction::down, config.routes, journal, events);
  ControlServer control(config.control, control_handlers(config, journal, site, central));

  {
    const Ending ending{control, site, central, journal};
    control.start();
    journal.start([&](const Loss& loss, const std::string& lane, Direction direction) {
      if (loss.reason != "superseded") {
        spdlog::warn("journal: lane {} {} loses {} messages, {} to {}: {}", lane,
                     to_string(direction), loss.count, loss.first, loss.last, loss.reason);
      }
      events.loss(loss, lane, direction);
    });
    site.start();
    central.start();
    spdlog::info("bascule {} runs bridge {}, journal in {}", BASCULE_VERSION, config.id,
                 config.data_dir);
    sd_notify(0, "READY=1");

    int signal = 0;
    sigwait(&signals, &signal);
    spdlog::info("{}: ending", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    sd_notify(0, "STOPPING=1");
  }
  spdlog::info("ended; everything that waits is in the journal");
  return 0;
}

}  // namespace bascule
