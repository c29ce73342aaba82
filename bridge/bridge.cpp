#include "bridge.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include "changes.hpp"
#include "clock.hpp"
#include "config/stages.hpp"
#include "crossing/terms.hpp"
#include "journal/salvage/incidents.hpp"
#include "journal/salvage/opening.hpp"
#include "log.hpp"
#include "message/machine.hpp"

namespace bascule {
namespace {

constexpr std::chrono::seconds round_every{1};

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

// Before the journal's thread starts.
bool enter(Journal& journal, const BridgeConfig& config, bool accept_losses) {
  enter_configuration(journal.before_start(), config, accept_losses);
  return true;
}

}  // namespace

Bridge::Bridge(BridgeConfig config, bool accept_losses, std::int64_t started_ms,
               const KeptLinks& kept)
    : config_(std::move(config)),
      identity_{config_.id, read_stamp_key(config_)},
      policies_(host_settings(config_)),
      journal_(open_or_salvage(config_.journal, config_.id, all_lanes(config_), machine_id())),
      found_(journal_.found()),
      entered_(enter(journal_, config_, accept_losses)),
      events_(own_at_centre(config_).events(), journal_,
              config_.hub ? Direction::down : Direction::up),
      site_(crossing(config_.site, Direction::up, kept.site)) {
  if (!config_.hub) central_ = crossing(config_.central, Direction::down, kept.central);
  if (config_.hub) fleet_ = std::make_unique<FleetLink>(config_.id, config_.site, journal_);
  connect_stages();
  pauses_ = journal_.opened().meta().pauses();
  pause_lanes(pauses_, journal_, *site_, central_.get());
  begin_site_ = begun_by("site", *site_, Direction::up);
  if (central_ != nullptr) begin_central_ = begun_by("central", *central_, Direction::down);
  summary_ = std::make_unique<SummaryTeller>(own_at_centre(config_).summary(), journal_,
                                             config_.hub ? *site_ : *central_);
  const Stages stages{config_,      journal_, policies_, *site_,    central_.get(),
                      fleet_.get(), history_, events_,   started_ms};
  pause_desk_ = std::make_unique<PauseDesk>(stages);
  api_ = control_api(stages, *pause_desk_);
}

Bridge::~Bridge() { stop(); }

Bridge::OwnCrossing Bridge::crossing(const LinkSettings& link, Direction in,
                                     const std::optional<KeptLink>& kept) {
  return OwnCrossing(new Crossing(identity_, of_present(link, in), in, config_.routes, journal_,
                                  events_, kept ? &*kept : nullptr));
}

std::vector<std::string> Bridge::former_clients(const LinkSettings& link, Direction in) {
  return journal_.opened().subscriptions().other_clients(link.client_id,
                                                         known_url(journal_, in, link));
}

// Making the present session takes away what is retained.
LinkSettings Bridge::of_present(LinkSettings link, Direction in) {
  if (!former_clients(link, in).empty()) link.retained = AfterGap::compare;
  return link;
}

void Bridge::connect_stages() {
  Crossing& centre =
      config_.hub ? *site_ : *central_;  // at a hub, the one broker is the central one
  if (!config_.policies.empty()) {
    journal_.set_steps(&policies_);
    centre.on_line = [this](bool up) { policies_.central(journal_, up); };
  }
  events_.publish_now = [this, &centre](const std::string& topic, const std::string& payload) {
    centre.publish(topic, payload);
    if (on_published_at_once) on_published_at_once(payload);
  };
  if (central_ == nullptr) return;
  site_->on_losses = [this] { central_->compare_retained(); };
  central_->on_losses = [this] { site_->compare_retained(); };
  same_ = std::make_unique<SameBroker>(*site_, *central_, config_.routes, config_.id);
}

// The session of a former client id goes first: one after the other, then the present one.
std::function<void()> Bridge::beginning(Crossing& crossing, Direction in) {
  const LinkSettings& link = in == Direction::up ? config_.site : config_.central;
  std::function<void()> next = [&crossing] { crossing.start(); };
  for (const std::string& client : former_clients(link, in)) {
    former_.push_back(std::make_unique<FormerSession>(identity_, link, client, in, config_.routes,
                                                      journal_, events_, crossing));
    next = [first = former_.back().get(), next] { first->start(next); };
  }
  return next;
}

// A link that is paused begins once it is resumed.
std::function<void()> Bridge::begun_by(const char* link, Crossing& crossing, Direction in) {
  std::function<void()> start = beginning(crossing, in);
  const bool paused =
      std::ranges::any_of(pauses_, [&](const Pause& pause) { return pause.same_place({link}); });
  if (!paused) return start;
  return [&crossing, start] { crossing.start_paused(start); };
}

void Bridge::start() {
  stopped_ = false;
  journal_.start(
      [this](const Loss& loss, const std::string& lane, Direction direction) {
        tell_loss(loss, lane, direction);
        events_.loss(loss, lane, direction);
      },
      [this](const JournalNews& news) { events_.journal(news); });
  journal_.tell([this](JournalCore& core) { events_.damaged(core.log_mending()); });
  tell_salvaged();
  begin_site_();
  if (begin_central_) begin_central_();
  if (fleet_) fleet_->start();
  rounds_.post([this] { look_round(); });
}

// What was salvaged is told of once the events lane has it. Until then each start tells it.
void Bridge::tell_salvaged() {
  nlohmann::json salvaged = read_incidents(config_.data_dir).at("salvaged");
  if (salvaged.is_null() || salvaged.value("told", false)) return;
  const auto at_ms = salvaged.value("at_ms", std::int64_t{0});
  journal_.tell([this, at_ms](JournalCore& core) {
    LossNews losses;
    for (const Loss& loss : core.store().losses().newest(100'000)) {
      if (loss.at_ms >= at_ms && loss.reason == "damaged") losses.add(loss);
    }
    losses.committed();
    for (const Loss& loss : losses.take_all()) {
      const LaneState& lane = core.lanes().at(loss.lane - 1U);
      tell_loss(loss, lane.name, lane.direction);
      events_.loss(loss, lane.name, lane.direction);
    }
  });
  journal_.change_later([](JournalCore&) {},
                        [data_dir = config_.data_dir, salvaged]() mutable {
                          salvaged["told"] = true;
                          try {
                            write_incident(data_dir, "salvaged", salvaged);
                          } catch (const std::exception& e) {
                            spdlog::warn("journal: {}; the next start tells it again", e.what());
                          }
                        });
}

// Nothing that the running stages could do mends it.
void Bridge::look_for_damage() {
  const std::string trouble = journal_.glance().trouble;
  if (!is_damage(trouble) || journal_damaged_.exchange(true)) return;
  spdlog::error("journal: its pages are damaged; the bridge ends, and its next start salvages it");
  try {
    want_salvage(config_.data_dir, trouble);
  } catch (const JournalError& e) {
    spdlog::error("journal: {}", e.what());
  }
  ::kill(::getpid(), SIGTERM);
}

void Bridge::look_round() {
  site_->look();
  if (central_ != nullptr) central_->look();
  LinkStates links;
  RoundTrips round_trips{};
  const auto note = [&](std::size_t link, const LinkStatus& status) {
    links[link] = status.state;
    const bool up =
        status.state == LinkStatus::State::up || status.state == LinkStatus::State::slow;
    if (up) round_trips[link] = static_cast<std::uint64_t>(status.rtt_ms * 1'000);
  };
  note(0, site_->status());
  if (central_ != nullptr) note(1, central_->status());
  journal_.tell([this, links, round_trips](JournalCore& core) {
    history_.look(core, links, now(), round_trips);
  });
  try {
    pause_desk_->resume_due();
  } catch (const JournalTrouble&) {
    // The journal says so itself.
  }
  summary_->look(boottime_ms());
  look_for_damage();
  next_round_ = rounds_.after(round_every, [this] { look_round(); });
}

void Bridge::stop() {
  if (std::exchange(stopped_, true)) return;
  stop_beside();
  site_->stop();
  if (central_ != nullptr) central_->stop();
  journal_.stop();
}

// Whatever calls the crossings.
void Bridge::stop_beside() {
  rounds_.stop();
  journal_.tell([this](JournalCore& core) { history_.close(core, now()); });
  if (fleet_) fleet_->stop();
  for (const auto& session : former_) session->stop();
}

KeptLinks Bridge::hand_over(bool site, bool central) {
  KeptLinks kept;
  stopped_ = true;
  stop_beside();
  if (site) kept.site = site_->hand_over();
  if (central && central_ != nullptr) kept.central = central_->hand_over();
  if (!kept.site) site_->stop();
  if (central_ != nullptr && !kept.central) central_->stop();
  journal_.stop();
  return kept;
}

std::vector<std::string> Bridge::connected() const {
  std::vector<std::string> names;
  for (const auto& [name, crossing] :
       {std::pair{"site", site_.get()}, std::pair{"central", central_.get()}}) {
    if (crossing == nullptr) continue;
    const auto state = crossing->status().state;
    if (state == LinkStatus::State::up || state == LinkStatus::State::slow) names.push_back(name);
  }
  return names;
}

void Bridge::go_round(std::function<void()> back) {
  journal_.tell([this, back = std::move(back)] {
    site_->tell([this, back] {
      if (central_ != nullptr) return central_->tell(back);
      back();
    });
  });
}

}  // namespace bascule
