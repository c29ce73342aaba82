// What it says of the messages that were on their way when the broker closes the connection: of the
// bridge's own, of a lane's, or of none. It shares the suspicion among OwnMessages and Suspicion,
// and says which messages the broker cannot be sent therefore. Time is an argument, in ms of boot
// time. Lives on a link's loop thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "forwarder/bookmark/own_messages.hpp"
#include "forwarder/suspicion.hpp"
#include "link/link.hpp"
#include "link/own_topic_names.hpp"

namespace bascule {

class Closures {
 public:
  // All outlive it. `names`: of the topics of the bridge's own messages, events included.
  Closures(OwnMessages& own, Suspicion& suspicion, const OwnTopicNames& names)
      : own_(own), suspicion_(suspicion), names_(names) {}

  void connected(std::int64_t now_ms);
  // All that a connection lost, in one call. `tried`: it was alone, and its topic is known for it.
  // True: from now on messages go one at a time, to see which one it is.
  bool lost(std::span<const Outcome> outcomes, std::optional<std::uint64_t> tried,
            std::int64_t now_ms);
  // It refused a message of a lane. mosquitto 2.0.11 may close the connection over that only
  // afterwards, when nothing is on its way any more.
  void refused() { closed_over_lanes_ = true; }
  void disconnected(std::int64_t now_ms);

  // Whether the broker closes over this message of a lane. `tried`: it is held, and to be tried.
  bool condemn(std::uint64_t tag, std::string_view topic, bool tried, std::int64_t now_ms) const;

 private:
  OwnMessages& own_;
  Suspicion& suspicion_;
  const OwnTopicNames& names_;
  // By the broker, this connection; and over messages of lanes, as it may be.
  bool closed_ = false, closed_over_lanes_ = false;
};

}  // namespace bascule
