#include "crossing/former_session.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <future>
#include <random>
#include <span>
#include <utility>

#include "journal/lane/record.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 500ms;
constexpr auto end_deadline = 1s;
constexpr auto word_deadline = 30s;  // behind what the lanes bring
constexpr std::size_t brought_max = 100'000;
constexpr std::string_view taken_over = "taken over";

LinkSettings of_client(LinkSettings settings, const std::string& client_id) {
  settings.client_id = client_id;
  return settings;
}

std::string draw_word() {
  std::random_device random;
  return "former session " + std::to_string((std::uint64_t{random()} << 32) | random());
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
      peer_(client_id_ + " " + known_url(journal, in, settings)),
      journal_(journal),
      in_(in),
      present_(present),
      crossing_(bridge, of_client(settings, client_id_), in, routes, journal, events),
      word_(draw_word()),
      loop_("former-session") {}

FormerSession::~FormerSession() { stop(); }

void FormerSession::start(std::function<void()> done) {
  done_ = std::move(done);
  spdlog::warn(
      "link {}: client_id was {} before; what its session at {} may hold is fetched first, under "
      "that name, and then the session is ended",
      settings_.name, client_id_, settings_.url);
  crossing_.on_line = [this](bool fit) {
    heard_ = false;
    if (fit) loop_.post([this] { drained(); });
  };
  crossing_.admit([this](const Message& message) { return admits(message); });
  present_.stand_in(&crossing_);
  crossing_.start();
  loop_.post([this] { watch(); });
}

void FormerSession::stop() {
  if (std::exchange(stopped_, true)) return;
  std::promise<void> stopped;
  loop_.post([&] {
    watching_.reset();
    waiting_.reset();
    if (std::exchange(working_, false)) crossing_.stop();
    if (making_) making_->stop(end_deadline);
    if (ending_) ending_->stop(end_deadline);
    done_ = nullptr;
    stopped.set_value();
  });
  stopped.get_future().get();
}

// What comes behind the word comes to the present session, too.
bool FormerSession::admits(const Message& message) {
  if (heard_) return false;
  if (message.payload.starts_with(Crossing::spoken(word_))) {
    heard_ = true;
    last_ = message.payload;
    loop_.post([this] { heard(); });
  } else if (overlaps_ && brought_.size() < brought_max) {
    brought_.insert(digest_of(message));
  }
  return true;
}

// While the present session is made, the former one brings what comes to both: it is acknowledged
// here, since Paho reads nothing, for no link, while something is not. What is retained, which only
// new subscriptions bring, is compared later.
//
// Also where the line was lost and is back, and where the journal has room again: then what was
// not acknowledged comes anew, and the word is to be said once more.
void FormerSession::drained() {
  if (!working_) return;
  if (made_) return say();
  if (making_) return;
  making_ = make_link(settings_);
  LinkHandlers handlers = until_up([this] { loop_.post([this] { made(); }); });
  handlers.on_deliveries = [link = making_.get()](std::span<const Delivery> deliveries) {
    link->acknowledge(deliveries.back().tag);
  };
  handlers.on_connected = [this](const Limits&) { overlaps_ = true; };
  making_->start(std::move(handlers), present_.asks(), {});
}

void FormerSession::made() {
  if (!working_ || std::exchange(made_, true)) return;
  making_->stop(end_deadline);
  say();
}

void FormerSession::say() {
  crossing_.say(opposite(in_), word_ + " " + std::to_string(++said_));
  waiting_ = loop_.after(word_deadline, [this] { unheard(); });
}

// While the journal has no room, or the line is down, nothing is heard, and nothing may end.
void FormerSession::unheard() {
  waiting_.reset();
  if (!working_ || heard_ || crossing_.status().state != LinkStatus::State::up) return;
  spdlog::warn(
      "link {}: the broker does not let the bridge hear its own topics; what came in the last {} s "
      "crosses twice, as it is in the sessions of both client ids",
      settings_.name, std::chrono::seconds(word_deadline).count());
  end(false);
}

// Once the journal has all that came before. Where it had no room, the link has been told so by
// then.
void FormerSession::heard() {
  const auto look = [this] {
    if (heard_ && crossing_.status().state != LinkStatus::State::paused) end(true);
  };
  journal_.change_later([](JournalCore&) {},
                        [this, look] { crossing_.tell([this, look] { loop_.post(look); }); });
}

void FormerSession::end(bool heard) {
  if (!std::exchange(working_, false)) return;
  watching_.reset();
  waiting_.reset();
  present_.stand_in(nullptr);
  crossing_.stop();
  if (heard) {
    present_.expect_copies({std::move(brought_), last_});
  }
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
  journal_.change_later(
      [peer = peer_](JournalCore& core) { core.change().subscriptions().save(peer, {}); });
  std::exchange(done_, nullptr)();
}

}  // namespace bascule
