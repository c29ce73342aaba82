#include "daemon.hpp"

#include <malloc.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <ctime>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bridge.hpp"
#include "clock.hpp"
#include "control/barrier.hpp"
#include "control/feed_writer.hpp"
#include "control/http/feed.hpp"
#include "control/http/server.hpp"
#include "log.hpp"
#include "reload.hpp"
#include "text/wording.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::uint64_t ping_every_us = 1'000'000;  // at the least

// SIGTERM, SIGINT: an orderly end. SIGHUP: the file is read again. The others would kill, and are
// only told of. All are blocked in every thread and taken by the main one.
sigset_t taken_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  sigaddset(&signals, SIGRTMIN);  // of our own: see Reloads
  return signals;
}

// What the server's threads want of the main one, which they wake by a signal.
class Reloads {
 public:
  struct Wish {
    bool dry_run = false;
    bool accept_losses = false;
    std::promise<json> answer;
  };

  // On a server's thread; waits for the answer.
  json ask(const Query& query) {
    auto wish = std::make_shared<Wish>();
    wish->dry_run = query.text("dry_run").has_value();
    wish->accept_losses = query.text("accept_losses").has_value();
    auto answer = wish->answer.get_future();
    {
      const std::lock_guard lock(mutex_);
      if (ended_) throw JournalTrouble("the bridge is ending");
      wishes_.push_back(std::move(wish));
    }
    ::kill(::getpid(), SIGRTMIN);  // not SIGHUP: what is asked need not be a reload
    return answer.get();
  }

  // On the main thread.
  std::vector<std::shared_ptr<Wish>> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(wishes_, {});
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    for (const auto& wish : std::exchange(wishes_, {})) {
      wish->answer.set_exception(std::make_exception_ptr(JournalTrouble("the bridge is ending")));
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<Wish>> wishes_;  // guarded by mutex_
  bool ended_ = false;                         // likewise
};

std::string names_in(const json& names) {
  return names.empty() ? "none" : comma_list(names.get<std::vector<std::string>>());
}

class Daemon {
 public:
  Daemon(const BridgeConfig& config, bool accept_losses)
      : log_(config.log),
        values_(file_values(config.file)),
        bridge_(std::make_unique<Bridge>(config, accept_losses, started_ms_)),
        control_(config.control, guarded_api()),
        feed_writer_(feed_, [this](const std::string& question, const Query& query) {
          const Barrier::Pass pass(barrier_);
          return bridge_->api().answers.at(question)(query);
        }) {
    tell_at_once();
  }

  void run() {
    control_.start();
    bridge_->start();
    barrier_.open();
    tell_running();
    sd_notify(0, "READY=1");
    const std::string signal = wait_for_end();
    spdlog::info("{}: ending", signal);
    sd_notify(0, "STOPPING=1");
    if (bridge_->journal_damaged()) {
      throw std::runtime_error("the journal is damaged; the next start salvages it");
    }
  }

  // However it ends: whoever calls others stops before these.
  ~Daemon() {
    reloads_.end();
    feed_writer_.stop();
    control_.stop();
    if (bridge_) bridge_->stop();
  }

 private:
  // That of the bridge that there is when something is asked.
  ControlApi guarded_api() {
    ControlHandlers answers;
    ControlTextHandlers texts;
    for (const auto& [path, handler] : bridge_->api().answers) {
      answers[path] = [this, path = path](const Query& query) {
        const Barrier::Pass pass(barrier_);
        return bridge_->api().answers.at(path)(query);
      };
    }
    for (const auto& [path, handler] : bridge_->api().texts) {
      texts[path] = [this, path = path](const Query& query) {
        const Barrier::Pass pass(barrier_);
        return bridge_->api().texts.at(path)(query);
      };
    }
    answers["POST /v1/reload"] = [this](const Query& query) { return reloads_.ask(query); };
    return {std::move(answers), std::move(texts), {{"GET /v1/changes", &feed_}}};
  }

  // What goes past the journal is not found there.
  void tell_at_once() {
    bridge_->on_published_at_once = [this](const std::string& event) {
      feed_.notice("event", event);
    };
  }

  void tell_running() const {
    const BridgeConfig& config = bridge_->config();
    spdlog::info("bascule {} runs bridge {}, journal in {}: {}", BASCULE_VERSION, config.id,
                 config.data_dir, bridge_->found());
  }

  int wait_for_signal();
  std::string wait_for_end();
  void reload_as_asked();
  json reload(bool dry_run, bool accept_losses);
  void tell_event(const json& report);
  void take_over(Reload& reload, bool accept_losses, json& report);
  void make_anew(const Reload& reload, bool accept_losses, json& report);
  void make(BridgeConfig config, bool accept_losses, const KeptLinks& kept);

  const std::int64_t started_ms_ = boottime_ms();
  const sigset_t signals_ = taken_signals();
  LogSettings log_;    // as it is now
  FileValues values_;  // likewise, of the file
  Barrier barrier_;
  Reloads reloads_;
  std::unique_ptr<Bridge> bridge_;
  Feed feed_;
  ControlServer control_;
  FeedWriter feed_writer_;
};

// Meanwhile the service manager is told that the bridge works, as long as the journal's thread and
// those of the links take turns: a message goes round among them, and without its return there is
// no next ping.
int Daemon::wait_for_signal() {
  int signal = 0;
  std::uint64_t patience_us = 0;
  const bool watched = sd_watchdog_enabled(0, &patience_us) > 0;
  if (!watched) {
    while ((signal = sigwaitinfo(&signals_, nullptr)) <= 0) {
    }
    return signal;
  }
  const std::uint64_t pause_us = std::min<std::uint64_t>(patience_us / 4, ping_every_us);
  const timespec pause{static_cast<time_t>(pause_us / 1'000'000),
                       static_cast<long>(pause_us % 1'000'000 * 1'000)};
  const auto returned = std::make_shared<std::atomic<bool>>(true);
  while ((signal = sigtimedwait(&signals_, nullptr, &pause)) <= 0) {
    if (!returned->exchange(false)) continue;
    sd_notify(0, "WATCHDOG=1");
    bridge_->go_round([returned] { *returned = true; });
  }
  return signal;
}

// Returns at a signal of the end, with its name.
std::string Daemon::wait_for_end() {
  for (;;) {
    const int signal = wait_for_signal();
    if (signal == SIGRTMIN) {
      reload_as_asked();
      continue;
    }
    switch (signal) {
      case SIGTERM:
      case SIGINT:
        return signal == SIGTERM ? "SIGTERM" : "SIGINT";
      case SIGHUP:
        reload(false, false);
        break;
      default:
        spdlog::warn("SIG{}: ignored; it means nothing to bascule", sigabbrev_np(signal));
    }
  }
}

void Daemon::reload_as_asked() {
  for (const auto& wish : reloads_.take()) {
    try {
      wish->answer.set_value(reload(wish->dry_run, wish->accept_losses));
    } catch (...) {
      wish->answer.set_exception(std::current_exception());
      throw;
    }
  }
}

json Daemon::reload(bool dry_run, bool accept_losses) {
  const std::int64_t begun_ms = boottime_ms();
  Reload reload = plan_reload(bridge_->config(), values_, bridge_->journal(), accept_losses);
  json report = reload_report(reload);
  report["dry_run"] = dry_run;
  const bool usable = reload.problems.empty() && reload.refused.empty();
  if (!dry_run) {
    for (const std::string& problem : reload.problems) spdlog::error("reload: {}", problem);
    if (!reload.refused.empty()) spdlog::error("reload: {}", reload.refused);
    if (!usable) spdlog::error("reload: refused; the bridge goes on as it was");
    if (usable) take_over(reload, accept_losses, report);
  }
  report["took_ms"] = boottime_ms() - begun_ms;
  tell_event(report);
  return report;
}

// Through the journal of the stages that there are now. What changed nothing is nothing to tell.
void Daemon::tell_event(const json& report) {
  if (report.at("dry_run") || (report.at("applied") && report.at("changes").empty())) return;
  ReloadEvent event{report.at("applied"), report.at("changes"), report.at("problems"),
                    report.at("kept"), report.at("dropped")};
  if (!report.at("refused").is_null()) event.reasons.push_back(report.at("refused"));
  if (!event.applied) event.kept.clear();
  bridge_->events().reloaded(std::move(event));
}

void Daemon::take_over(Reload& reload, bool accept_losses, json& report) {
  for (const Problem& warning : reload.config->warnings) spdlog::warn("{}", to_string(warning));
  if (reload.how == Reload::How::nothing) {
    spdlog::info("reload: the file says what it said before");
    report["applied"] = true;
    return;
  }
  for (const Difference& change : reload.changes) spdlog::info("reload: {}", to_string(change));
  configure_log(reload.config->log);
  if (reload.how == Reload::How::stages) {
    make_anew(reload, accept_losses, report);
    if (!report["refused"].is_null()) return configure_log(log_);
    spdlog::info("reload: taken over; stayed connected: {}; connects anew: {}",
                 names_in(report["kept"]), names_in(report["dropped"]));
  }
  values_ = std::move(reload.values);
  log_ = reload.config->log;
  report["applied"] = true;
}

// Nobody is inside of the old stages while they end, or of the new ones before they are there.
void Daemon::make_anew(const Reload& reload, bool accept_losses, json& report) {
  barrier_.close();
  const BridgeConfig former = bridge_->config();
  const std::vector<std::string> connected = bridge_->connected();
  const auto may_keep = [&](const char* link) { return std::ranges::count(reload.kept, link) > 0; };
  const KeptLinks kept = bridge_->hand_over(may_keep("site"), may_keep("central"));
  report["kept"] = json::array();
  for (const std::string& link : connected) {
    const bool stays = link == "site" ? kept.site.has_value() : kept.central.has_value();
    report[stays ? "kept" : "dropped"].push_back(link);
  }
  bridge_.reset();
  sd_notify(0, "WATCHDOG=1");
  try {
    make(*reload.config, accept_losses, kept);
  } catch (const std::exception& error) {
    spdlog::error("reload: {}; the former configuration goes on", error.what());
    report["refused"] = error.what();
    make(former, false, kept);
  }
}

void Daemon::make(BridgeConfig config, bool accept_losses, const KeptLinks& kept) {
  bridge_ = std::make_unique<Bridge>(std::move(config), accept_losses, started_ms_, kept);
  tell_at_once();
  bridge_->start();
  barrier_.open();
  tell_running();
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
  {
    Daemon daemon(config, accept_losses);
    daemon.run();
  }
  spdlog::info("ended; everything that waits is in the journal");
  return 0;
}

}  // namespace bascule
