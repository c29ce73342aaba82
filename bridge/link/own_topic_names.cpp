#include "link/own_topic_names.hpp"

#include <algorithm>

#include "message/own.hpp"

namespace bascule {

OwnTopicNames::OwnTopicNames(std::string_view bridge_id, const OwnTopics& settings, bool retain)
    : usual_(own_topic(bridge_id, "")),
      prefix_(settings.prefix.empty() ? usual_ : settings.prefix + "/"),
      retain_(retain) {
  const auto name = [&](const OwnTopic& topic, const std::string& what, bool on) {
    std::string named = topic.topic.empty() ? prefix_ + what : topic.topic;
    if (!named.starts_with(usual_)) all_.push_back(named);
    return on ? named : std::string();
  };
  const OwnTopic& bookmark = settings.bookmark;
  const bool bookmarks = bookmark.on && retain;
  const OwnTopic mark{true, bookmark.topic.empty() ? "" : bookmark.topic + "/retained"};
  state_ = name(settings.state, "state", settings.state.on);
  events_ = name(settings.events, "events", settings.events.on);
  summary_ = name(settings.summary, "summary", settings.summary.on);
  bookmark_up_ = name(bookmark, "bookmark/up", bookmarks);
  bookmark_down_ = name(bookmark, "bookmark/down", bookmarks);
  mark_ = name(mark, "bookmark/retained", bookmarks);
  will_ = settings.will && settings.state.on;
}

bool OwnTopicNames::has(std::string_view topic) const {
  if (topic.starts_with(usual_)) return true;
  if (all_.empty()) return false;
  constexpr std::string_view doctors = "doctor/";
  const bool below = topic.starts_with(prefix_);
  return (below && topic.substr(prefix_.size()).starts_with(doctors)) ||
         std::ranges::find(all_, topic) != all_.end();
}

std::string OwnTopicNames::cost() const {
  if (bookmark_up_.empty()) {
    return std::string(retain_ ? "own_topics.bookmark is off here"
                               : "'retain: off' leaves no bookmark here") +
           ": should this broker lose what it accepted, that goes unnoticed, and what it retains "
           "is not compared after a gap";
  }
  if (will_) return {};
  return std::string(state_.empty() ? "own_topics.state" : "own_topics.will") +
         " is off here: nobody is told when the bridge is lost, and should this broker crash and "
         "lose what it accepted last, that goes unnoticed";
}

}  // namespace bascule
