// All stages of one bridge, for one configuration, from start to an orderly end. A changed file is
// taken over by another one, over the same journal; one at a time.
//
// Made, started, stopped and destroyed on the main thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "control/handlers.hpp"
#include "control/pauses.hpp"
#include "crossing/former_session.hpp"
#include "crossing/same_broker.hpp"
#include "fleet/fleet_link.hpp"
#include "fleet/summary_teller.hpp"
#include "history/recorder.hpp"

namespace bascule {

// Connections that outlive the stages of one configuration; nothing: none.
struct KeptLinks {
  std::optional<KeptLink> site, central;
};

class Bridge {
 public:
  // Opens the journal and takes the configuration over. Throws, with what to do, if that cannot be:
  // also where limits that are tighter than before would give up what waits, unless the losses are
  // accepted. `started_ms`: of the process, in boot time, for the status.
  // `kept`: what the one before has handed over; can be used again if this throws.
  Bridge(BridgeConfig config, bool accept_losses, std::int64_t started_ms,
         const KeptLinks& kept = {});
  ~Bridge();  // as stop()
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  // Before start(): told of events that are published past the journal. Any thread.
  std::function<void(const std::string& event)> on_published_at_once;

  void start();
  // Whoever calls others stops before these; the journal last, since it calls back into all of
  // them.
  void stop();
  // Likewise, but for the connections of these links, if they are up and come to rest: the next one
  // goes on with them.
  KeptLinks hand_over(bool site, bool central);
  std::vector<std::string> connected() const;  // links that are, by name

  const BridgeConfig& config() const { return config_; }
  Journal& journal() { return journal_; }
  const std::string& found() const { return found_; }  // in the journal, for people
  // Its pages are damaged: the process was sent SIGTERM, and the next start salvages it. Any
  // thread.
  bool journal_damaged() const { return journal_damaged_; }
  // What the control server answers; between start() and stop().
  const ControlApi& api() const { return api_; }

  Events& events() { return events_; }

  // Calls `back`, on some thread, once the journal's thread and those of the links have taken a
  // turn.
  void go_round(std::function<void()> back);

 private:
  using OwnCrossing = std::unique_ptr<Crossing, Crossing::End>;
  OwnCrossing crossing(const LinkSettings& link, Direction in, const std::optional<KeptLink>& kept);
  std::vector<std::string> former_clients(const LinkSettings& link, Direction in);
  LinkSettings of_present(LinkSettings link, Direction in);
  void connect_stages();
  void stop_beside();
  void look_round();
  void look_for_damage();
  void tell_salvaged();
  std::function<void()> beginning(Crossing& crossing, Direction in);
  std::function<void()> begun_by(const char* link, Crossing& crossing, Direction in);

  const BridgeConfig config_;
  const BridgeIdentity identity_;
  PolicyHost policies_;
  HistoryRecorder history_;  // on the journal's thread
  Journal journal_;
  const std::string found_;
  const bool entered_;
  Events events_;
  OwnCrossing site_;
  OwnCrossing central_;               // null: a hub
  std::unique_ptr<FleetLink> fleet_;  // null: no hub
  std::unique_ptr<SameBroker> same_;
  std::vector<std::unique_ptr<FormerSession>> former_;
  std::vector<Pause> pauses_;  // as of the start
  std::function<void()> begin_site_, begin_central_;
  std::unique_ptr<PauseDesk> pause_desk_;
  std::unique_ptr<SummaryTeller> summary_;  // on the thread of rounds_, as the next
  Loop::Timer next_round_;
  Loop rounds_{"rounds"};  // what looks at the stages each second
  ControlApi api_ = ControlHandlers{};
  std::atomic<bool> journal_damaged_ = false;
  bool stopped_ = true;
};

}  // namespace bascule
