// What the bridge would not notice at a far broker, and what to do about it, for the operator: in
// the log when it comes to be known, and in the status until a later connection shows better. What
// the settings of the link leave out was chosen: that is in the log once, and in `check --explain`.
// Written on a link's loop thread, read by any.
#pragma once

#include <mutex>
#include <string>

#include "journal/sessions/far_knowledge.hpp"
#include "link/link.hpp"
#include "link/own_topic_names.hpp"

namespace bascule {

class BlindSpot {
 public:
  // `out`: of what goes to that broker. `own` outlives this.
  BlindSpot(const OwnTopicNames& own, Direction out, bool asks_for_state)
      : own_(own), out_(out), asks_for_state_(asks_for_state) {}

  // The broker has been asked what it knows. `given_up`: it is sent none of the bridge's own
  // messages. `broker` is for the log.
  void learn(const FarKnowledge& far, const Limits& limits, bool given_up,
             const std::string& broker);

  // As it was on this connection before.
  void go_on(std::string text);

  std::string text() const;  // empty: there is none

 private:
  std::string find(const FarKnowledge& far, const Limits& limits, bool given_up) const;

  const OwnTopicNames& own_;
  const Direction out_;
  const bool asks_for_state_;
  bool cost_told_ = false;
  mutable std::mutex mutex_;
  std::string text_;  // guarded by mutex_
};

}  // namespace bascule
