// An intake between a scripted link and a journal of its own.
#pragma once

#include <doctest/doctest.h>

#include "crossing/intake.hpp"
#include "support/journal_case.hpp"
#include "support/scripted_link.hpp"

namespace bascule::test {

inline std::vector<Route> site_routes() {
  std::vector<Route> routes;
  const auto add = [&](std::string from, std::string to) -> Route& {
    Route& route = routes.emplace_back();
    route.name = from;
    route.from = std::move(from);
    route.to = std::move(to);
    return route;
  };
  add("sales/{rest...}", "stores/{bridge.id}/{rest...}").lane = "sales";
  add("capped", "capped").qos = Qos::at_least_once;
  add("kept", "kept").retain = RetainRule::keep;
  add("cleared", "cleared").retain = RetainRule::clear;
  add("set", "set").retain = RetainRule::set;
  add("bare/{rest...}", "{rest...}");
  add("raised", "raised").qos_min = Qos::at_least_once;
  return routes;
}

struct Bank {
  JournalCase journal;
  ScriptedLink link;
  std::vector<Route> routes = site_routes();
  Intake intake;
  std::uint64_t tag = 0;
  std::vector<std::string> own;

  explicit Bank(const Subscriptions* subscriptions) : Bank({}, {}, subscriptions) {}
  explicit Bank(JournalSettings settings = {}, std::vector<LaneSettings> lanes = {},
                const Subscriptions* subscriptions = nullptr)
      : journal(with_sales(std::move(lanes)), std::move(settings)),
        intake({"store-42", Direction::up, 1'000}, routes,
               RouteTable(routes, Direction::up, "store-42"), *journal, link, subscriptions) {}
  ~Bank() { journal.close(); }

  static std::vector<LaneSettings> with_sales(std::vector<LaneSettings> lanes) {
    if (lanes.empty()) lanes.push_back(lane_settings("sales"));
    return lanes;
  }

  void deliver(std::vector<Message> messages, std::uint16_t packet_id = 0, bool duplicate = false) {
    std::vector<Delivery> deliveries;
    for (const Message& message : messages) {
      Delivery& delivery = deliveries.emplace_back();
      delivery.message = message;
      delivery.packet_id = packet_id;
      delivery.duplicate = duplicate;
      delivery.tag = ++tag;
    }
    intake.deliver(deliveries, [this](const Message& message) {
      own.emplace_back(std::string(message.topic) + "=" + std::string(message.payload));
    });
    journal.settle();
  }

  void deliver_for(std::uint32_t identifier, const Message& message) {
    Delivery delivery;
    delivery.message = message;
    delivery.tag = ++tag;
    delivery.identifier = identifier;
    intake.expect_replayed(false);
    intake.deliver({&delivery, 1}, [](const Message&) {});
    journal.settle();
  }

  std::vector<Sent> stored(const std::string& lane = "default") {
    std::vector<Sent> messages;
    journal->inspect([&](JournalCore& core) {
      const LaneId id = core.lane(Direction::up, lane);
      for (const BatchPtr& batch : core.read(id, 1, 1 << 20)) {
        RecordReader reader(id, batch->first, batch->chain, batch->data,
                            RecordReader::Check::checksums);
        while (const auto record = reader.next()) {
          const Message& message = record->message;
          messages.push_back({std::string(message.topic), std::string(message.payload),
                              std::string(message.properties), message.qos, message.retain,
                              record->sequence});
        }
      }
    });
    return messages;
  }
  JournalReport report() { return journal->report(); }
  Tally tally() { return report().tallies[Direction::up]; }
};

inline Message message(std::string_view topic, std::string_view payload,
                       Qos qos = Qos::at_least_once, bool retain = false) {
  return {topic, payload, {}, qos, retain};
}

}  // namespace bascule::test
