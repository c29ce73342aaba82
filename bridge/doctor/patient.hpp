// One of the two brokers, as the doctor sees it. Three visits: the first leaves a retained word and
// a session behind, the second looks for both, the third ends the session and asks for the routes'
// filters. Its methods are for the main thread, and wait.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "doctor/brokers.hpp"
#include "doctor/finding.hpp"
#include "doctor/visit.hpp"
#include "link/own_topic_names.hpp"
#include "message/direction.hpp"

namespace bascule {

class Patient {
 public:
  // `in`: the direction of what it delivers. All but `link` outlives this.
  Patient(const BridgeConfig& config, const LinkSettings& link, Direction in, const OwnBridge& own,
          ProbeTopics probe, const Tell& tell);

  const std::string& word() const { return word_; }
  // Whether it lets the bridge in, at the first of the addresses that does. `urls`: those at which
  // somebody answers; each is tried.
  bool connect(std::vector<std::string> urls);
  void leave_word();
  // What the other one leaves, if both are one broker.
  bool may_hear(const Patient& other) const {
    return tries_own() && other.tries_own() && other_topic_ == other.topic_;
  }
  bool hears(const std::string& word);
  void come_back();
  // Those of mosquitto's own bridges that are connected at this broker, by their client ids;
  // nothing: it does not tell.
  std::optional<std::set<std::string>> bridges();

 private:
  void tell(Finding::Level level, const char* check, const std::string& text) const {
    tell_({level, link_.name, check, text});
  }
  const std::string& bookmark() const { return names_.bookmark(opposite(in_)); }
  // Where the bridge keeps no bookmark, or one on a topic of the admin's, it may have no right to
  // any other.
  bool tries_own() const { return !bookmark().empty() && link_.own_topics.bookmark.topic.empty(); }
  std::vector<Subscription> own_subscriptions() const;
  std::optional<Limits> enter(bool keep_session, std::vector<Subscription> subscriptions);
  std::vector<std::string> that_let_in(const std::vector<std::string>& urls);
  std::string refusal() const;
  void tell_limits(const Limits& limits) const;
  void tell_sizes(const Limits& limits) const;
  std::string why_not(const std::optional<Outcome>& outcome) const;
  void look_for_others() const;
  void look_for_word();
  void ask_for_filters();
  void publish_to_targets(const Limits& limits);

  const BridgeConfig& config_;
  LinkSettings link_;
  const Direction in_;
  const OwnBridge& own_;
  const ProbeTopics probe_;
  const Tell& tell_;
  const OwnTopicNames names_;
  const std::string topic_;
  const std::string other_topic_;  // of the other one, which is not heard here unless both are one
  const std::string word_;
  bool word_left_ = false;
  std::unique_ptr<Visit> visit_;
};

}  // namespace bascule
