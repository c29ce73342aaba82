// Publishes what is on a stick as its site would have, and moves the site's bookmark with it: the
// bookmark never says more than what the broker has accepted, so an import that ends anywhere is
// gone on with by the next one, or by the site. Of two who send at once, each begins where the
// broker's bookmark stands or before, and leaves nothing out: what a receiver takes first is in
// order, and the rest are repeats by their stamps. So whoever sees the other stops.
//
// Its methods are for the main thread, and wait; they throw std::runtime_error, with what to do.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "forwarder/bookmark/bookmark.hpp"
#include "link/link.hpp"
#include "stick/contents.hpp"

namespace bascule {

// The properties with what is left of the message's expiry after it has waited so long, but not
// less than 1 s, as by the line: nothing is dropped by a clock. Pure.
std::string aged(std::string_view block, std::int64_t waited_ms);

class Carrier {
 public:
  // `link`: of the broker where it is published.
  Carrier(LinkSettings link, const StickHead& head);
  ~Carrier();
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  // Connects, and reads the bookmark of the site there, and whether it says to be online.
  FarKnowledge ask();

  // Before the first send(): what the bookmark says from here on. `moves`: it is written.
  void begin(const FarKnowledge& far, Bookmark::Lanes lanes, bool moves);

  // In order, lane by lane. Waits while the window is full. `properties` are those to send.
  void send(const std::string& lane, const StickMessage& message, std::string properties);
  // All of the lane up to this sequence has been sent, or need not be.
  void through(const std::string& lane, std::uint64_t sequence);
  // Until all is accepted, and the bookmark that says so has come back.
  void finish();
  // After something has gone wrong: the bookmark, as far as all is accepted.
  void leave() noexcept;

  std::uint64_t accepted() const;

 private:
  struct Owned {
    std::string topic, payload, properties;
    Qos qos = Qos::at_least_once;
    bool retain = false;
    std::uint64_t tag = 0;
    std::uint16_t packet_id = 0;
  };
  struct InFlight {
    std::string lane, topic;
    std::uint64_t sequence = 0;
    std::uint16_t packet_id = 0;
  };
  using Lock = std::unique_lock<std::mutex>;

  void connected(const Limits& limits);
  void deliver(std::span<const Delivery> deliveries);
  void heard(const std::string& payload);
  void settle(const Outcome& outcome);
  void publish_own(const std::string& payload, bool retain);
  void flush();
  void check(const Lock& lock) const;  // throws what has gone wrong
  void wait_room();
  void wait_settled();
  bool may_mark() const;
  bool passes() const;
  void mark();
  Bookmark::Lanes position() const;
  std::size_t window() const;

  const StickHead head_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Limits> limits_;
  std::optional<FarKnowledge> far_;
  std::string trouble_;  // empty: all is well
  bool up_ = false;
  bool somebody_ = false;                        // else writes on the topic of the bookmark
  std::map<std::uint64_t, InFlight> in_flight_;  // by tag
  std::size_t own_in_flight_ = 0;
  std::deque<std::string> said_;  // of our own, and not heard yet
  std::vector<std::uint16_t> free_ids_;
  std::uint64_t accepted_ = 0;
  Bookmark::Lanes confirmed_;  // of the last bookmark that came back
  Bookmark::Lanes through_;    // by lane

  // Main thread.
  Bookmark::Lanes lanes_;
  std::uint64_t connection_ = 0;
  bool moves_ = false;
  std::uint64_t tags_ = 0;
  std::uint64_t marked_ = 0;  // accepted, when the last bookmark was written
  std::vector<Owned> batch_;
  std::size_t batch_bytes_ = 0;

  std::unique_ptr<Link> link_;
  std::unique_ptr<Bookmark> bookmark_;  // on the link's loop
};

}  // namespace bascule
