#include "crossing/former_session.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <future>
#include <span>
#include <utility>

namespace bascule {
namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 500ms;
constexpr auto end_deadline = 1s;
constexpr std::string_view taken_over = "taken over";

LinkSettings of_client(LinkSettings settings, const std::string& client_id) {
  settings.client_id = client_id;
  return settings;
}

// A connection that lasts until it is up, and takes nothing.
LinkHandlers until_up(std::function<void()> up) {
  LinkHandlers handlers;
  handlers.on_deliveries = [](std::span<const Delivery>) {};
  handlers.on_outcomes = [](std::span<const Outcome>) {};
  handlers.on_down = [](const std::string&) {};
  handlers.on_up = [up = std::move(up)](const Limits&) { up(); };
  return handlers;
}

}  // namespace

FormerSession::FormerSession(const BridgeIdentity& bridge, const LinkSettings& settings,
                             std::string client_id, Direction in, const std::vector<Route>& routes,
                             Journal& journal, Events& events, Crossing& present)
    : settings_(settings),
      client_id_(std::move(client_id)),
      journal_(journal),
      present_(present),
      crossing_(bridge, of_client(settings, client_id_), in, routes, journal, events),
      loop_("former-session") {}

FormerSession::~FormerSession() { stop(); }

void FormerSession::start(std::function<void()> done) {
  done_ = std::move(done);
  spdlog::warn(
      "link {}: client_id was {} before; what its session at {} may hold is fetched first, under "
      "that name, and then the session is ended",
      settings_.name, client_id_, settings_.url);
  crossing_.on_line = [this](bool fit) {
    if (fit) loop_.post([this] { drained(); });
  };
  present_.stand_in(&crossing_);
  crossing_.start();
  loop_.post([this] { watch(); });
}

void FormerSession::stop() {
  if (std::exchange(stopped_, true)) return;
  std::promise<void> stopped;
  loop_.post([&] {
    watching_.reset();
    if (std::exchange(working_, false)) crossing_.stop();
    if (making_) making_->stop(end_deadline);
    if (ending_) ending_->stop(end_deadline);
    done_ = nullptr;
    stopped.set_value();
  });
  stopped.get_future().get();
}

// Also where the line was lost and is back: then the fence was, too.
void FormerSession::drained() {
  if (!working_) return;
  const auto fence = [this] {
    if (!working_) return;
    crossing_.fence([this](bool) { loop_.post([this] { end(); }); });
  };
  if (making_) return fence();
  making_ = make_link(settings_);
  making_->start(until_up([this, fence] { loop_.post(fence); }), present_.asks(), {});
}

void FormerSession::end() {
  if (!std::exchange(working_, false)) return;
  watching_.reset();
  present_.stand_in(nullptr);
  crossing_.stop();
  making_->stop(end_deadline);
  LinkSettings once = of_client(settings_, client_id_);
  once.keep_session = false;
  ending_ = make_link(std::move(once));
  ending_->start(until_up([this] { loop_.post([this] { ended(); }); }), {}, {});
}

void FormerSession::ended() {
  if (!done_) return;
  ending_->stop(end_deadline);
  spdlog::info("link {}: all that the session of {} held has come, and it is ended", settings_.name,
               client_id_);
  go_on();
}

// Whoever uses the client id now gets it back at once.
void FormerSession::watch() {
  if (!working_) return;
  if (crossing_.status().last_error.find(taken_over) == std::string::npos) {
    watching_ = loop_.after(look_every, [this] { watch(); });
    return;
  }
  working_ = false;
  present_.stand_in(nullptr);
  crossing_.stop();
  if (making_) making_->stop(end_deadline);
  spdlog::warn("link {}: the former client id {} is in use by somebody else; its session is his",
               settings_.name, client_id_);
  go_on();
}

void FormerSession::go_on() {
  journal_.change_later([peer = client_id_ + " " + settings_.url](JournalCore& core) {
    core.change().subscriptions().save(peer, {});
  });
  std::exchange(done_, nullptr)();
}

}  // namespace bascule
