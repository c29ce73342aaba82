#include "crossing/intake.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "clock.hpp"
#include "journal/backlog/own_entry.hpp"
#include "message/properties.hpp"
#include "message/stamp.hpp"
#include "message/topic.hpp"

namespace bascule {
namespace {

// The entry of a message, without its record; with `source`, the topic at the source.
Append entry_of(const Message& in, bool source, LaneId lane, AppendGroup& group) {
  Append entry;
  entry.lane = lane;
  entry.retained = in.retain;
  if (source) {
    entry.topic_at = group.bytes.size();
    entry.topic_length = in.topic.size();
    group.bytes.append(in.topic);
  }
  return entry;
}

// A capture leads the target under $, which the route does not name.
bool forbidden(const RouteMatch& match) { return match.topic[0] == '$' && !match.names_system; }

void encode(const Message& message, Receipt receipt, bool stamped, Append& entry,
            AppendGroup& group) {
  entry.offset = group.bytes.size();
  encode_record(message, receipt, stamped, group.bytes);
  entry.length = group.bytes.size() - entry.offset;
}

}  // namespace

Intake::Intake(IntakeSettings settings, const std::vector<Route>& rules, RouteTable table,
               Journal& journal, Link& link, const Subscriptions* subscriptions, Exchange* exchange)
    : settings_(std::move(settings)),
      table_(std::move(table)),
      journal_(journal),
      link_(link),
      own_(settings_.bridge_id, settings_.own_topics),
      subscriptions_(subscriptions),
      exchange_(exchange),
      prover_(settings_.stamp_key) {
  for (const Route& rule : rules) {
    const std::string lane = rule.policy.empty() ? rule.lane : input_lane(rule.policy);
    targets_.push_back({journal.lane(settings_.direction, lane), rule.qos, rule.qos_min,
                        rule.retain, to_filter(rule.from, settings_.bridge_id)});
  }
}

void Intake::deliver(std::span<const Delivery> deliveries,
                     const std::function<void(const Message&)>& own) {
  AppendGroup group;
  group.direction = settings_.direction;
  group.connection = connection_.load(std::memory_order_relaxed);
  for (const Delivery& delivery : deliveries) {
    if (delivery.released) {
      Append release;
      release.released = delivery.packet_id;
      group.entries.push_back(release);
    } else if (admits && !admits(delivery.message)) {
      continue;
    } else if (own_.has(delivery.message.topic)) {
      if (expects_copies_ && delivery.message.payload == brought_before_.until) {
        expects_copies_ = false;
        brought_before_ = {};
      }
      own(delivery.message);
    } else {
      if (!settings_.settle_topic.empty() && delivery.message.topic == settings_.settle_topic) {
        own(delivery.message);
        if (!table_.match(delivery.message.topic, match_)) continue;
      }
      ++group.received;
      take(delivery, group);
    }
  }
  group.alone = link_.waits_for_each();
  // Even a group without entries goes through the journal: acknowledging is up to a tag, so it must
  // not overtake the commit of an earlier group.
  const std::uint64_t last = deliveries.back().tag;
  journal_.append(std::move(group), [this, last](AppendResult result) { answered(result, last); });
}

void Intake::take(const Delivery& delivery, AppendGroup& group) {
  const Message& in = delivery.message;
  if (!delivery.digest.empty()) {
    quarantine(delivery,
               "payload of " + std::to_string(delivery.whole_bytes) +
                   " bytes is over what is taken in (max_payload); its SHA-256 is " +
                   std::string(delivery.digest),
               group);
    return;
  }
  if (std::string reason = fault(in); !reason.empty()) {
    quarantine(delivery, std::move(reason), group);
    return;
  }
  if (repeated(delivery)) {
    ++group.tally.repeats;
    group.noticed.push_back({RepeatKind::overlapping, {}, std::string(in.topic)});
    return;
  }
  if (!table_.match(in.topic, match_)) return no_route(delivery, group);
  if (!valid_topic(match_.topic)) {
    quarantine(delivery, "the route's target is no valid topic", group);
    return;
  }
  if (forbidden(match_)) {
    quarantine(delivery, "the target would be under $, which the route's 'to' does not name",
               group);
    return;
  }
  Message out = routed(in, match_);
  bool stamped = false;
  if (looped(in, out, stamped, group)) return;
  const Receipt receipt{digest_of(in), delivery.packet_id, 0, in.qos == Qos::exactly_once};
  const bool source = in.retain || out.retain || unmarked_.load(std::memory_order_relaxed);
  Append entry = entry_of(in, source, targets_[match_.route].lane, group);
  encode(out, receipt, stamped, entry, group);
  entry.duplicate = delivery.duplicate;
  if (in.retain && replayed_.load(std::memory_order_relaxed)) entry.arrival = Arrival::replayed;
  group.entries.push_back(entry);
}

Message Intake::routed(const Message& in, const RouteMatch& match) const {
  const Target& target = targets_[match.route];
  Message out = in;
  out.topic = match.topic;
  if (target.qos && *target.qos < out.qos) out.qos = *target.qos;
  out.qos = std::max(out.qos, target.qos_min);
  if (target.retain != RetainRule::keep) out.retain = target.retain == RetainRule::set;
  return out;
}

// A comparison asks at QoS 0, so that no queue of the broker limits how much comes. The QoS of the
// publish is not known therefore; what crosses is not to get lost on the way.
Intake::Compared Intake::compared(std::span<const Delivery> deliveries) const {
  Compared compared;
  AppendGroup& group = compared.group;
  group.direction = settings_.direction;
  RouteMatch match;
  Prover prover(settings_.stamp_key);
  for (const Delivery& delivery : deliveries) {
    Message in = delivery.message;
    if (!in.retain || own_.has(in.topic)) continue;
    if (!table_.match(in.topic, match)) continue;
    const LaneId lane = targets_[match.route].lane;
    compared.filters.insert(targets_[match.route].filter);
    const bool fit = delivery.digest.empty() && fault(in).empty() && valid_topic(match.topic) &&
                     !forbidden(match);
    if (!fit) ++compared.unfit;
    const Provenance provenance = fit ? provenance_of(in, prover) : Provenance{};
    // What came from the other side is there, and newer than what was there before.
    if (!fit || provenance.kind == Provenance::Kind::looped) {
      Append entry = entry_of(in, true, lane, group);
      entry.arrival = Arrival::present;
      group.entries.push_back(entry);
      continue;
    }
    in.qos = Qos::at_least_once;
    Message out = routed(in, match);
    std::string unstamped;
    if (provenance.kind == Provenance::Kind::copied) {
      unstamp(in.properties, unstamped);
      out.properties = unstamped;
    }
    Append entry = entry_of(in, true, lane, group);
    encode(out, {digest_of(in), 0, 0, false}, provenance.kind == Provenance::Kind::proven, entry,
           group);
    entry.arrival = Arrival::compared;
    group.entries.push_back(entry);
  }
  return compared;
}

std::string Intake::filter_of(std::string_view topic) const {
  RouteMatch match;
  return table_.match(topic, match) ? targets_[match.route].filter : "";
}

AppendGroup Intake::cleared(std::span<const std::string> topics) const {
  AppendGroup group;
  group.direction = settings_.direction;
  RouteMatch match;
  for (const std::string& topic : topics) {
    if (!table_.match(topic, match)) continue;
    const Message in{topic, {}, {}, Qos::at_least_once, true};
    const Message out = routed(in, match);
    Append entry = entry_of(in, true, targets_[match.route].lane, group);
    encode(out, {digest_of(in), 0, 0, false}, false, entry, group);
    entry.arrival = Arrival::cleared;
    group.entries.push_back(entry);
  }
  return group;
}

AppendGroup Intake::cleared(const Retained::Targets& targets) const {
  AppendGroup group;
  group.direction = settings_.direction;
  for (const auto& [target, lane] : targets) {
    Append entry;
    entry.lane = lane;
    entry.arrival = Arrival::cleared;
    encode({target, {}, {}, Qos::at_least_once, true}, {}, false, entry, group);
    group.entries.push_back(entry);
  }
  return group;
}

Append Intake::rerouted(const Message& in, std::string& bytes) const {
  RouteMatch match;
  const std::string topic(in.topic);
  if (!table_.match(topic, match)) {
    throw std::invalid_argument("no route of the file takes " + topic +
                                "; add one, publish the message again, or drop it");
  }
  if (!fault(in).empty() || !valid_topic(match.topic) || forbidden(match)) {
    throw std::invalid_argument("its route cannot take " + topic + " as it is; drop it");
  }
  return own_entry(routed(in, match), targets_[match.route].lane, bytes);
}

std::optional<Retained::Image> Intake::image(std::string_view topic) const {
  RouteMatch match;
  if (!table_.match(topic, match)) return std::nullopt;
  return Retained::Image{match.topic, targets_[match.route].retain != RetainRule::clear};
}

void Intake::expect_copies(Copies copies) {
  brought_before_ = std::move(copies);
  expects_copies_ = true;
}

// Whether it is another copy, for a former session or an overlapping subscription. Of what a new
// subscription brings there may be no other.
bool Intake::repeated(const Delivery& delivery) {
  if (delivery.message.retain && replayed_.load(std::memory_order_relaxed)) return false;
  if (is_copy(delivery.message)) return true;
  if (subscriptions_ == nullptr || delivery.identifier == 0) return false;
  const auto source = subscriptions_->source(delivery.identifier, delivery.message.topic);
  const bool repeat = source.origin == Subscriptions::Origin::repeat;
  if (exchange_ == nullptr || !exchange_->remembers()) return repeat;
  const bool counted = exchange_->under_way() && source.filter_number != 0;
  const Receipt receipt{digest_of(delivery.message), delivery.packet_id, 0, false};
  return exchange_->repeated(source.filter_number, receipt, delivery.duplicate) ||
         (repeat && !counted);
}

bool Intake::is_copy(const Message& message) {
  if (!expects_copies_.load(std::memory_order_relaxed)) return false;
  const auto found = brought_before_.digests.find(digest_of(message));
  if (found == brought_before_.digests.end()) return false;
  brought_before_.digests.erase(found);
  return true;
}

// Within what the routes subscribe to, an exclude leaves it out. Else the session has filters of
// before, and what came for them is not dropped in silence.
void Intake::no_route(const Delivery& delivery, AppendGroup& group) {
  constexpr unsigned strays_quarantined = 1'000;
  constexpr unsigned strays_told = 32;
  const std::string topic(delivery.message.topic);
  const auto source = subscriptions_ == nullptr
                          ? Subscriptions::Source{}
                          : subscriptions_->source(delivery.identifier, topic);
  if (source.origin == Subscriptions::Origin::former) {
    const bool unsubscribed = !source.held && unmarked_.load(std::memory_order_relaxed);
    if (unsubscribed && on_former) on_former(source.filter);
    if (!former_told_.exchange(true)) {
      spdlog::warn(
          "no route wants {} any more: it was queued for {}, of an earlier configuration; such "
          "messages are set aside ('bascule journal quarantine list')",
          topic, source.filter);
    }
    return quarantine_whole(delivery,
                            "no route wants it any more: it came for " + source.filter +
                                ", of an earlier configuration",
                            group);
  }
  if (source.origin != Subscriptions::Origin::unknown) {
    ++group.tally.unrouted;
    return;
  }
  const unsigned count = ++strays_;
  if (count <= strays_told && on_stray) on_stray(topic);
  if (count > strays_quarantined) {
    ++group.tally.unrouted;
    return;
  }
  quarantine_whole(delivery,
                   "no route wants it: it came for a subscription that this journal does not know",
                   group);
}

std::string Intake::fault(const Message& message) const {
  std::string why;
  if (!valid_topic(message.topic, &why)) return "illegal topic: " + why;
  if (message.payload.size() > settings_.max_payload_bytes) {
    return "payload of " + std::to_string(message.payload.size()) + " bytes is over max_payload";
  }
  if (!message.properties.empty() && !valid_properties(message.properties)) {
    return "illegal properties";
  }
  return {};
}

bool Intake::looped(const Message& in, Message& out, bool& stamped, AppendGroup& group) {
  Provenance provenance = provenance_of(in, prover_);
  switch (provenance.kind) {
    case Provenance::Kind::none:
      return false;
    case Provenance::Kind::proven:
      stamped = true;
      return false;
    case Provenance::Kind::copied:
      notice(group, {RepeatKind::copied, std::move(provenance.origin), std::string(in.topic)});
      unstamp(in.properties, unstamped_);
      out.properties = unstamped_;
      return false;
    case Provenance::Kind::looped:
      ++group.tally.repeats;
      notice(group, {RepeatKind::looped, std::move(provenance.origin), std::string(in.topic)});
      return true;
  }
  return false;
}

Intake::Provenance Intake::provenance_of(const Message& in, Prover& prover) const {
  using Kind = Provenance::Kind;
  if (in.properties.empty()) return {};
  const StampText text = find_stamp(in.properties);
  if (text.stamp.empty() && text.via.empty()) return {};
  const auto stamp = proven_stamp(text, in, prover);
  if (!stamp) {
    const auto claimed = parse_stamp(text.stamp);
    return {Kind::copied, std::string(claimed ? claimed->origin : "?")};
  }
  const std::string_view via = bridges(text);
  const bool back = passed(via, settings_.bridge_id) || hops(via) >= hop_limit;
  return {back ? Kind::looped : Kind::proven, std::string(stamp->origin)};
}

void Intake::notice(AppendGroup& group, RepeatNotice notice) {
  Fold& fold = notice.kind == RepeatKind::looped ? loops_ : copies_;
  if (const std::uint64_t count = fold.add(boottime_ms()); count > 0 && on_notice) {
    on_notice(notice, count);
  }
  group.noticed.push_back(std::move(notice));
}

void Intake::quarantine(const Delivery& delivery, std::string reason, AppendGroup& group) {
  ++group.tally.refused;
  if (on_quarantined) on_quarantined(delivery.message.topic, reason);
  group.quarantined.push_back(
      quarantine_entry(settings_.direction, {}, delivery.message, std::move(reason)));
  if (!delivery.digest.empty()) group.quarantined.back().size = delivery.whole_bytes;
}

// A route may take it later.
void Intake::quarantine_whole(const Delivery& delivery, std::string reason, AppendGroup& group) {
  quarantine(delivery, std::move(reason), group);
  if (delivery.digest.empty()) group.quarantined.back().payload = delivery.message.payload;
}

void Intake::answered(AppendResult result, std::uint64_t tag) {
  switch (result) {
    case AppendResult::stored:
      link_.acknowledge(tag);
      break;
    case AppendResult::full:
      wait_for_room("the journal is full; the broker keeps what is not acknowledged");
      break;
    case AppendResult::failed:
      wait_for_room("the journal cannot be written; the broker keeps what is not acknowledged");
      break;
  }
}

void Intake::wait_for_room(const std::string& why) {
  link_.hold(why);
  if (std::exchange(waits_for_room_, true)) return;
  journal_.when_room(settings_.direction, [this] {
    waits_for_room_ = false;
    link_.go_on();
  });
}

}  // namespace bascule
