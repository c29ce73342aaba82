// A link on strings, for the broker suite: it does what each line of standard input says and tells
// what happens on standard output, both as JSON, a line each.
//
//   puppet native|paho auto|5|3.1.1 URL CLIENT_ID USERNAME PASSWORD_FILE FILTER...
//
//   {"do":"publish","tag":1,"topic":"a","payload":"x","qos":1,"retain":false,"pad":0}
//   {"do":"acknowledge","tag":1} {"do":"keep","on":true} {"do":"drop"} {"do":"error"} {"do":"stop"}
//
// While it keeps, it acknowledges nothing by itself. `pad` bytes follow the payload; of what
// arrives, 100 bytes are told, and the size.
#include <spdlog/spdlog.h>

#include <atomic>
#include <fstream>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "link/link.hpp"

using namespace bascule;
using nlohmann::json;

namespace {

std::mutex telling;

void tell(const json& what) {
  const std::lock_guard lock(telling);
  std::cout << what.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
}

LinkSettings settings_of(char** argument) {
  const std::string client = argument[1], protocol = argument[2];
  LinkSettings settings;
  settings.name = "puppet";
  settings.client = client == "paho" ? Client::paho : Client::native;
  settings.protocol = protocol == "5"       ? Protocol::v5
                      : protocol == "3.1.1" ? Protocol::v3_1_1
                                            : Protocol::automatic;
  settings.url = argument[3];
  settings.client_id = argument[4];
  settings.username = argument[5];
  settings.password_file = argument[6];
  settings.reconnect_min = std::chrono::milliseconds(50);
  settings.reconnect_max = std::chrono::milliseconds(500);
  return settings;
}

class Puppet {
 public:
  Puppet(LinkSettings settings, std::vector<Subscription> subscriptions)
      : link_(make_link(std::move(settings))) {
    LinkHandlers handlers;
    handlers.on_deliveries = [this](std::span<const Delivery> list) { deliver(list); };
    handlers.on_outcomes = [this](std::span<const Outcome> list) {
      for (const auto& one : list) {
        if (one.kind == Outcome::Kind::received) {
          link_->release(id_of(one.tag));
          continue;
        }
        const char* kinds[] = {"accepted", "refused", "lost"};
        tell({{"event", "outcome"},
              {"tag", one.tag},
              {"kind", kinds[static_cast<int>(one.kind)]},
              {"reason", one.reason}});
      }
    };
    handlers.on_up = [](const Limits& limits) {
      tell({{"event", "up"},
            {"protocol", static_cast<int>(limits.protocol)},
            {"session", limits.session_present},
            {"receive_maximum", limits.receive_maximum},
            {"maximum_qos", static_cast<int>(limits.maximum_qos)}});
    };
    handlers.on_down = [](const std::string& why) { tell({{"event", "down"}, {"why", why}}); };
    link_->start(std::move(handlers), std::move(subscriptions), {});
  }

  void obey(const json& order) {
    const std::string what = order["do"];
    if (what == "publish") publish(order);
    if (what == "acknowledge") link_->acknowledge(order["tag"]);
    if (what == "keep") keeps_ = order["on"].get<bool>();
    if (what == "drop") link_->drop("told to");
    if (what == "error") tell({{"event", "error"}, {"text", link_->status().last_error}});
  }

  void stop() { link_->stop(std::chrono::seconds(5)); }

 private:
  void deliver(std::span<const Delivery> list) {
    for (const auto& one : list) {
      if (one.released) continue;
      tell({{"event", "delivery"},
            {"topic", one.message.topic},
            {"payload", one.message.payload.substr(0, 100)},
            {"size", one.message.payload.size()},
            {"qos", static_cast<int>(one.message.qos)},
            {"retain", one.message.retain},
            {"duplicate", one.duplicate},
            {"id", one.packet_id},
            {"tag", one.tag}});
    }
    if (!keeps_) link_->acknowledge(list.back().tag);
  }

  void publish(const json& order) {
    link_->loop().post([this, order] {
      std::string payload = order["payload"];
      payload.append(order.value("pad", 0U), 'x');
      const std::string topic = order["topic"];
      const Outgoing out{{topic, payload, {}, order["qos"].get<Qos>(), order["retain"].get<bool>()},
                         order["tag"],
                         id_of(order["tag"])};
      link_->publish({&out, 1});
    });
  }

  // At QoS 2; few are in flight at a time.
  static std::uint16_t id_of(std::uint64_t tag) {
    return static_cast<std::uint16_t>(first_claimable_id + tag % claimable_ids);
  }

  std::atomic<bool> keeps_ = false;
  std::unique_ptr<Link> link_;
};

}  // namespace

int main(int count, char** argument) {
  if (count < 7) return 2;
  spdlog::set_level(spdlog::level::off);
  std::vector<Subscription> subscriptions;
  for (int i = 7; i < count; ++i) subscriptions.push_back({argument[i], true});
  Puppet puppet(settings_of(argument), std::move(subscriptions));
  for (std::string line; std::getline(std::cin, line);) {
    const auto order = json::parse(line);
    if (order["do"] == "stop") break;
    puppet.obey(order);
  }
  puppet.stop();
  tell({{"event", "stopped"}});
}
