// The way in: takes what a link delivers, finds each message's route, and appends it to the journal
// in groups. A link is told to acknowledge only after the commit that holds the message (P1); what
// cannot be kept is never acknowledged.
//
// deliver() runs on the link's reading thread, the answers on the journal's. Both live as long as
// the link and the journal do.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "crossing/exchange.hpp"
#include "crossing/subscriptions.hpp"
#include "fold.hpp"
#include "journal/journal.hpp"
#include "link/link.hpp"
#include "link/own_topic_names.hpp"
#include "message/proof.hpp"
#include "route/route.hpp"

namespace bascule {

struct IntakeSettings {
  std::string bridge_id;
  Direction direction = Direction::up;
  std::uint32_t max_payload_bytes = 16 << 20;
  std::string settle_topic{};  // shown to `own`, too, and routed if a route wants it; empty: none
  std::string stamp_key = {};  // by which stamps are proven; empty: none
  OwnTopics own_topics = {};   // of this broker's link
};

class Intake {
 public:
  // `rules` are those that `table` was compiled from, in the same order. `subscriptions` says what
  // deliveries come for; null: for what the routes want. `exchange` is of its filters, if it is
  // there.
  Intake(IntakeSettings settings, const std::vector<Route>& rules, RouteTable table,
         Journal& journal, Link& link, const Subscriptions* subscriptions = nullptr,
         Exchange* exchange = nullptr);

  // Told of a topic that comes though no subscription that is known wants it, a few times in each
  // connection. On the reading thread.
  std::function<void(const std::string& topic)> on_stray;

  // Told of each message, over MQTT 3.1.1, of a subscription that the broker has said to hold no
  // more. On the reading thread.
  std::function<void(const std::string& filter)> on_former;

  // Told of each message that can never cross, with the reason. On the reading thread.
  std::function<void(std::string_view topic, const std::string& reason)> on_quarantined;

  // Before the first delivery: shown each message; false: somebody else has it, so it is
  // acknowledged, and not taken. On the reading thread.
  std::function<bool(const Message&)> admits;

  // What the bridge itself says on this broker is not routed, but shown to `own`, on the reading
  // thread.
  void deliver(std::span<const Delivery> deliveries,
               const std::function<void(const Message&)>& own);

  // For comparisons of what this broker retains (retained_comparison.hpp); any thread. What of
  // these deliveries a route takes, as a group for Appender::sift(); how much of it could never
  // cross; and the filters of the routes that take something.
  struct Compared {
    AppendGroup group;
    std::uint64_t unfit = 0;
    std::set<std::string> filters;
  };
  Compared compared(std::span<const Delivery> deliveries) const;
  // Of the route that takes it; empty: none.
  std::string filter_of(std::string_view topic) const;
  // Groups that clear: where these topics of this broker go; and these targets, in their lanes.
  AppendGroup cleared(std::span<const std::string> topics) const;
  AppendGroup cleared(const Retained::Targets& targets) const;
  // The entry of a message that came from this broker before, as its route puts it now; its record
  // is put at the end of `bytes`. Throws std::invalid_argument, with what to do, if no route takes
  // it. Any thread.
  Append rerouted(const Message& in, std::string& bytes) const;
  // Where a topic goes, and whether it is retained there.
  std::optional<Retained::Image> image(std::string_view topic) const;

  // Before the first delivery. The session of a former client id has brought messages that this one
  // holds, too: `digests` of them. Each is dropped as a repeat, until `until` comes on the bridge's
  // own topic, which both sessions were told after the last of them; or until expect_no_copies().
  struct Copies {
    std::unordered_multiset<std::uint32_t> digests;
    std::string until;
  };
  void expect_copies(Copies copies);
  void expect_no_copies() { expects_copies_ = false; }  // any thread

  // A connection begins; what is delivered from now on belongs to it. Any thread.
  void connected() {
    ++connection_;
    strays_ = 0;
    former_told_ = false;
  }

  // Until told otherwise, retained messages may be what a new subscription brought; after it they
  // are fresh. Any thread.
  void expect_replayed(bool expected) { replayed_ = expected; }

  // The broker does not say whether what it delivers live is retained there: MQTT 3.1.1. Any
  // thread.
  void expect_unmarked(bool expected) { unmarked_ = expected; }

  // Told, folded, what was dropped because it came back, and which stamps were copied. On the
  // reading thread; before the first delivery.
  std::function<void(const RepeatNotice&, std::uint64_t count)> on_notice;

  const RouteTable& table() const { return table_; }

 private:
  struct Target {
    LaneId lane = 0;
    std::optional<Qos> qos;  // at most
    Qos qos_min = Qos::at_most_once;
    RetainRule retain = RetainRule::keep;
    std::string filter{};
  };
  void take(const Delivery& delivery, AppendGroup& group);
  bool repeated(const Delivery& delivery);
  bool is_copy(const Message& message);
  void no_route(const Delivery& delivery, AppendGroup& group);
  Message routed(const Message& in, const RouteMatch& match) const;
  void quarantine(const Delivery& delivery, std::string reason, AppendGroup& group);
  void quarantine_whole(const Delivery& delivery, std::string reason, AppendGroup& group);
  std::string fault(const Message& message) const;  // why it can never cross; empty: it can
  // Whether the message has come back, or gone too far; else `out` has its stamp only if it is its
  // own, and `stamped` says whether.
  bool looped(const Message& in, Message& out, bool& stamped, AppendGroup& group);
  // What its stamp says of a message. Copied: it is that of another message, this one is new, and
  // what it did not earn is taken off.
  struct Provenance {
    enum class Kind : std::uint8_t { none, proven, copied, looped } kind = Kind::none;
    std::string origin{};
  };
  Provenance provenance_of(const Message& in, Prover& prover) const;
  void notice(AppendGroup& group, RepeatNotice notice);
  void answered(AppendResult result, std::uint64_t tag);
  void wait_for_room(const std::string& why);

  IntakeSettings settings_;
  std::vector<Target> targets_;  // by rule
  RouteTable table_;
  Journal& journal_;
  Link& link_;
  const OwnTopicNames own_;
  const Subscriptions* subscriptions_;
  Exchange* const exchange_;
  std::atomic<unsigned> strays_ = 0;       // on this connection
  std::atomic<bool> former_told_ = false;  // likewise, that such messages come
  Prover prover_;                          // reading thread, as the four scratches
  RouteMatch match_;
  std::string unstamped_;
  Fold loops_, copies_;
  bool waits_for_room_ = false;  // journal's thread
  Copies brought_before_;        // reading thread
  std::atomic<bool> expects_copies_ = false;
  std::atomic<std::uint64_t> connection_ = 1;
  std::atomic<bool> replayed_ = true;
  std::atomic<bool> unmarked_ = false;
};

}  // namespace bascule
