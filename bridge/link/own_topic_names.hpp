// Where the bridge speaks for itself at one broker, by the settings of its link: below a prefix, on
// topics of the admin's, or not at all. What has no topic is neither published nor asked for.
// Immutable; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "link/settings.hpp"
#include "message/direction.hpp"

namespace bascule {

class OwnTopicNames {
 public:
  // `retain`: of the link. Where nothing can be retained, no bookmark is kept.
  explicit OwnTopicNames(std::string_view bridge_id, const OwnTopics& settings = {},
                         bool retain = true);

  // Each empty: nothing of the kind is said here.
  const std::string& state() const { return state_; }
  const std::string& events() const { return events_; }
  const std::string& summary() const { return summary_; }
  // Of what goes in this direction. One topic of the admin's is that of both.
  const std::string& bookmark(Direction direction) const {
    return direction == Direction::up ? bookmark_up_ : bookmark_down_;
  }
  // Where a comparison of retained values leaves its mark: bookmark/retained, or below the admin's
  // topic of the bookmark.
  const std::string& mark() const { return mark_; }
  bool will() const { return will_; }

  // With a slash at its end. What the doctor tries lies below it.
  const std::string& prefix() const { return prefix_; }

  // Whether it is the bridge's own, though it may not be said now: what is retained there from
  // before must not cross either. All below bascule/{id}/ is; below another prefix only what the
  // bridge says, for there may be the admin's topics, too.
  bool has(std::string_view topic) const;

  // What it costs that something is not said here, by the settings, for people; empty: nothing.
  std::string cost() const;

 private:
  std::string usual_, prefix_;
  std::string state_, events_, summary_, bookmark_up_, bookmark_down_, mark_;
  std::vector<std::string> all_;  // that are not below usual_
  bool will_ = true, retain_ = true;
};

}  // namespace bascule
