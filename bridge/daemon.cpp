#include "daemon.hpp"

#include <malloc.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "changes.hpp"
#include "config/stages.hpp"
#include "control/handlers.hpp"
#include "control/http/server.hpp"
#include "control/pauses.hpp"
#include "crossing/former_session.hpp"
#include "crossing/same_broker.hpp"
#include "log.hpp"
#include "policy/host.hpp"

namespace bascule {
namespace {

// SIGTERM, SIGINT: an orderly end. The others would kill, and are only told of. All are blocked in
// every thread and taken by the main one.
sigset_t taken_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  return signals;
}

// The end in its order, however it comes: whoever calls others stops before these go away, the
// journal last, since it calls back into all of them.
struct Ending {
  ControlServer& control;
  std::vector<std::unique_ptr<FormerSession>>& former;
  Crossing& site;
  Crossing* central;
  Journal& journal;
  ~Ending() {
    control.stop();
    for (const auto& session : former) session->stop();
    site.stop();
    if (central != nullptr) central->stop();
    journal.stop();
  }
};

// Waits for a signal. Meanwhile the service manager is told that the bridge works, as
// long as the journal's thread and those of the links take turns: a message goes round among them,
// and without its return there is no next ping.
int wait_for_signal(const sigset_t& signals, const Stages& stages) {
  int signal = 0;
  std::uint64_t patience_us = 0;
  if (sd_watchdog_enabled(0, &patience_us) <= 0) {
    sigwait(&signals, &signal);
    return signal;
  }
  const std::uint64_t pause_us = patience_us / 4;
  const timespec pause{static_cast<time_t>(pause_us / 1'000'000),
                       static_cast<long>(pause_us % 1'000'000 * 1'000)};
  const auto returned = std::make_shared<std::atomic<bool>>(true);
  const auto back = [returned] { *returned = true; };
  while ((signal = sigtimedwait(&signals, nullptr, &pause)) <= 0) {
    if (!returned->exchange(false)) continue;
    sd_notify(0, "WATCHDOG=1");
    stages.journal.tell([stages, back] {
      stages.site.tell([central = stages.central, back] {
        if (central != nullptr) return central->tell(back);
        back();
      });
    });
  }
  return signal;
}

// Returns at a signal of the end, with its name.
std::string wait_for_end(const sigset_t& signals, const Stages& stages) {
  for (;;) {
    switch (const int signal = wait_for_signal(signals, stages)) {
      case SIGTERM:
      case SIGINT:
        return signal == SIGTERM ? "SIGTERM" : "SIGINT";
      case SIGHUP:
        spdlog::warn("SIGHUP: ignored; a changed file is read at the next start: restart bascule");
        break;
      default:
        spdlog::warn("SIG{}: ignored; it means nothing to bascule", sigabbrev_np(signal));
    }
  }
}

void tell_loss(const Loss& loss, const std::string& lane, Direction direction) {
  LogFields fields{{"event", "loss"},
                   {"lane", lane},
                   {"direction", to_string(direction)},
                   {"reason", loss.reason}};
  fields.add("count", loss.count);
  if (loss.reason == "not_resent" || loss.reason == "beyond_history") {
    spdlog::warn(
        "journal: the {} broker may have lost {} messages of lane {} {}, {} to {}; not sent again "
        "({}); 'bascule journal replay --lane {} --direction {}' sends them",
        direction == Direction::up ? "central" : "site", loss.count, lane, to_string(direction),
        loss.first, loss.last,
        loss.reason == "not_resent" ? "the lane's 'resend'" : "older than keep_forwarded", lane,
        to_string(direction));
  } else if (loss.reason != "superseded") {
    spdlog::warn("journal: lane {} {} loses {} messages, {} to {}: {}", lane, to_string(direction),
                 loss.count, loss.first, loss.last, loss.reason);
  }
}

}  // namespace

int run_daemon(const BridgeConfig& config, bool accept_losses) {
  check_policies(config);
  configure_log(config.log);
  for (const Problem& warning : config.warnings) spdlog::warn("{}", to_string(warning));
  // Fixed, it stays so: else the allocator takes buffers that come and go for a reason to keep more
  // and more of what was freed.
  mallopt(M_MMAP_THRESHOLD, 512 << 10);
  const sigset_t signals = taken_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  PolicyHost policies(host_settings(config));
  Journal journal(config.journal, config.id, all_lanes(config));
  const std::string found = journal.found();
  enter_configuration(journal.before_start(), config, accept_losses);
  if (!config.policies.empty()) journal.set_steps(&policies);
  Events events(config.id, journal, config.hub ? Direction::down : Direction::up);
  const BridgeIdentity bridge{config.id, read_stamp_key(config)};
  const auto former_clients = [&](const LinkSettings& link) {
    return journal.opened().subscriptions().other_clients(link.client_id, link.url);
  };
  // Making the present session takes away what is retained.
  const auto of_present = [&](LinkSettings link) {
    if (!former_clients(link).empty()) link.retained = AfterGap::compare;
    return link;
  };
  Crossing site(bridge, of_present(config.site), Direction::up, config.routes, journal, events);
  std::unique_ptr<Crossing> central;
  if (!config.hub) {
    central = std::make_unique<Crossing>(bridge, of_present(config.central), Direction::down,
                                         config.routes, journal, events);
  }
  if (!config.policies.empty()) {
    // At a hub, the one broker is the central one.
    (config.hub ? site : *central).on_line = [&](bool up) { policies.central(journal, up); };
  }
  if (central != nullptr) {
    site.on_losses = [&] { central->compare_retained(); };
    central->on_losses = [&] { site.compare_retained(); };
  }
  std::unique_ptr<SameBroker> same;
  if (central != nullptr) {
    same = std::make_unique<SameBroker>(site, *central, config.routes, config.id);
  }
  // The session of a former client id goes first: one after the other, then the present one.
  std::vector<std::unique_ptr<FormerSession>> former;
  const auto beginning = [&](Crossing& crossing, Direction in) {
    const LinkSettings& link = in == Direction::up ? config.site : config.central;
    std::function<void()> next = [&crossing] { crossing.start(); };
    for (const std::string& client : former_clients(link)) {
      former.push_back(std::make_unique<FormerSession>(bridge, link, client, in, config.routes,
                                                       journal, events, crossing));
      next = [first = former.back().get(), next] { first->start(next); };
    }
    return next;
  };
  const auto begin_site = beginning(site, Direction::up);
  std::function<void()> begin_central;
  if (central != nullptr) begin_central = beginning(*central, Direction::down);
  const std::vector<Pause> pauses = journal.opened().meta().pauses();
  pause_lanes(pauses, journal, site, central.get());
  const auto begin = [&](const char* link, Crossing& crossing, std::function<void()> start) {
    const bool paused =
        std::ranges::any_of(pauses, [&](const Pause& pause) { return pause.same_place({link}); });
    paused ? crossing.start_paused(std::move(start)) : start();
  };
  events.publish_now = [&](const std::string& topic, const std::string& payload) {
    (config.hub ? site : *central).publish(topic, payload);
  };
  const Stages stages{config, journal, policies, site, central.get(), events};
  ControlServer control(config.control, control_api(stages));

  {
    const Ending ending{control, former, site, central.get(), journal};
    control.start();
    journal.start(
        [&](const Loss& loss, const std::string& lane, Direction direction) {
          tell_loss(loss, lane, direction);
          events.loss(loss, lane, direction);
        },
        [&](const JournalNews& news) { events.journal(news); });
    begin("site", site, begin_site);
    if (central != nullptr) begin("central", *central, begin_central);
    spdlog::info("bascule {} runs bridge {}, journal in {}: {}", BASCULE_VERSION, config.id,
                 config.data_dir, found);
    sd_notify(0, "READY=1");

    const auto signal = wait_for_end(signals, stages);
    spdlog::info("{}: ending", signal);
    sd_notify(0, "STOPPING=1");
  }
  spdlog::info("ended; everything that waits is in the journal");
  return 0;
}

}  // namespace bascule
