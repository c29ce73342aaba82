#include "intake.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "clock.hpp"
#include "journal/lane/crc32c.hpp"
#include "message/own.hpp"
#include "message/properties.hpp"
#include "message/stamp.hpp"
#include "message/topic.hpp"

namespace bascule {
namespace {

// What makes a delivery the same one when it comes again. Its expiry counts down meanwhile.
std::uint32_t digest_of(const Message& message) {
  std::uint32_t digest = crc32c(0, message.topic);
  if (!message_expiry_s(message.properties)) {
    digest = crc32c(digest, message.properties);
  } else {
    std::string lasting;
    PropertyReader reader(message.properties);
    while (const auto property = reader.next()) {
      if (property->id != PropertyId::message_expiry) append_property(lasting, *property);
    }
    digest = crc32c(digest, lasting);
  }
  return crc32c(digest, message.payload);
}

}  // namespace

Intake::Intake(IntakeSettings settings, const std::vector<Route>& rules, RouteTable table,
               Journal& journal, Link& link, const Subscriptions* subscriptions)
    : settings_(std::move(settings)),
      table_(std::move(table)),
      journal_(journal),
      link_(link),
      own_prefix_(own_topic(settings_.bridge_id, "")),
      subscriptions_(subscriptions),
      prover_(settings_.stamp_key) {
  for (const Route& rule : rules) {
    const std::string lane = rule.policy.empty() ? rule.lane : input_lane(rule.policy);
    targets_.push_back(
        {journal.lane(settings_.direction, lane), rule.qos, rule.qos_min, rule.retain});
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
    } else if (delivery.message.topic.starts_with(own_prefix_)) {
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
  if (match_.topic[0] == '$' && !match_.names_system) {
    quarantine(delivery, "the target would be under $, which the route's 'to' does not name",
               group);
    return;
  }
  const Target& target = targets_[match_.route];
  Message out = in;
  bool stamped = false;
  if (looped(in, out, stamped, group)) return;
  out.topic = match_.topic;
  if (target.qos && *target.qos < out.qos) out.qos = *target.qos;
  out.qos = std::max(out.qos, target.qos_min);
  if (target.retain != RetainRule::keep) out.retain = target.retain == RetainRule::set;
  const Receipt receipt{digest_of(in), delivery.packet_id, 0, in.qos == Qos::exactly_once};
  const std::size_t offset = group.bytes.size();
  encode_record(out, receipt, stamped, group.bytes);
  group.entries.push_back({target.lane, offset, group.bytes.size() - offset, delivery.duplicate,
                           in.retain && replayed_.load(std::memory_order_relaxed), in.retain, 0});
}

// Whether it is another copy, for an overlapping subscription. Of what a new subscription brings
// there may be no other.
bool Intake::repeated(const Delivery& delivery) const {
  if (subscriptions_ == nullptr || delivery.identifier == 0) return false;
  if (delivery.message.retain && replayed_.load(std::memory_order_relaxed)) return false;
  const auto source = subscriptions_->source(delivery.identifier, delivery.message.topic);
  return source.origin == Subscriptions::Origin::repeat;
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
    if (!former_told_.exchange(true)) {
      spdlog::warn(
          "no route wants {} any more: it was queued for {}, of an earlier configuration; such "
          "messages are set aside ('bascule journal quarantine list')",
          topic, source.filter);
    }
    return quarantine(delivery,
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
  quarantine(delivery,
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
  if (in.properties.empty()) return false;
  const StampText text = find_stamp(in.properties);
  if (text.stamp.empty() && text.via.empty()) return false;
  const auto stamp = proven_stamp(text, in, prover_);
  if (!stamp) {
    // Copied from another message: this one is new, and what it did not earn is taken off.
    const auto claimed = parse_stamp(text.stamp);
    notice(group, {RepeatKind::copied, std::string(claimed ? claimed->origin : "?"),
                   std::string(in.topic)});
    unstamp(in.properties, unstamped_);
    out.properties = unstamped_;
    return false;
  }
  const std::string_view via = bridges(text);
  if (passed(via, settings_.bridge_id) || hops(via) >= hop_limit) {
    ++group.tally.repeats;
    notice(group, {RepeatKind::looped, std::string(stamp->origin), std::string(in.topic)});
    return true;
  }
  stamped = true;
  return false;
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

void Intake::answered(AppendResult result, std::uint64_t tag) {
  switch (result) {
    case AppendResult::stored:
      link_.acknowledge(tag);
      break;
    case AppendResult::full:
      link_.drop("the journal is full; the broker keeps what is not acknowledged");
      break;
    case AppendResult::failed:
      link_.drop("the journal cannot be written; the broker keeps what is not acknowledged");
      break;
  }
}

}  // namespace bascule
