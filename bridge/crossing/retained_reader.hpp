// Asks a broker what it retains, on a connection of its own that is there only while it asks: at
// QoS 0 and without a session, so that neither a session's queue nor what it brings is disturbed.
//
// Lives on the loop of the crossing's link, where its handlers are called, but for stop().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "crossing/intake.hpp"
#include "link/link.hpp"

namespace bascule {

class RetainedReader {
 public:
  // What one read has brought.
  struct Read {
    AppendGroup group;                          // for Appender::sift()
    bool fenced = false;                        // what the question brings has come before this
    std::optional<std::set<std::string>> mark;  // filters, as the bridge has retained them there
    std::set<std::string> filters;              // of the routes that something came for
    // Until it goes, one read less is taken from the broker ahead of the journal.
    std::shared_ptr<void> turn;
  };
  struct Handlers {
    std::function<void(Read)> on_read;
    std::function<void(const std::string& filter)> on_denied;  // it is not granted
    std::function<void()> on_lost;  // the connection, which was up; it is tried again
  };
  // `settings` are those of the crossing's link; `mark_topic` is a topic of the bridge's own, to
  // which fences go, too.
  RetainedReader(LinkSettings settings, std::string mark_topic, const Intake& intake, Loop& loop,
                 Handlers handlers);

  // What the session's own connection has found out that the broker speaks.
  void speak(Spoken spoken) { settings_.spoken = spoken; }
  // Asks for what is retained under the filters, and for the mark, in place of what was asked for
  // before. Throws std::exception with one sentence if no link can be made.
  void ask(const std::vector<std::string>& filters);
  // For the case that the broker dropped the fence: at QoS 0 it may.
  void fence_again();
  // Retains this as the mark, if the connection is up: then end() comes behind it.
  void mark(const std::set<std::string>& filters);
  // All has come, or it is not waited for any more: the connection ends.
  void end();
  // On the main thread; blocks.
  void stop();

  // Values that could never cross, since the last call.
  std::uint64_t take_unfit() { return unfit_.exchange(0); }
  const std::string& client_id() const { return settings_.client_id; }
  std::string last_error() const { return link_ ? link_->status().last_error : ""; }

 private:
  void connect(std::vector<Subscription> subscriptions);
  void send(const std::string& payload, bool retain);
  void send_fence();
  void hear(std::span<const Delivery> deliveries);

  LinkSettings settings_;
  std::string mark_topic_;
  const Intake& intake_;
  Loop& loop_;
  Handlers handlers_;
  std::uint64_t question_ = 0;
  std::unique_ptr<Link> link_;       // made when it is first needed
  std::uint64_t connected_for_ = 0;  // the question that it asks; on its own loop
  static constexpr int turns = 64;
  using Turns = std::counting_semaphore<turns>;
  std::shared_ptr<Turns> turns_ = std::make_shared<Turns>(turns);
  std::atomic<std::uint64_t> unfit_ = 0;
};

}  // namespace bascule
