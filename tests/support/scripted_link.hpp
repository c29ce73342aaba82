// A link without a broker: it records what is published, acknowledged and dropped, and the test
// says what becomes of it. A broker cannot be told to lose, refuse and reorder on demand.
#pragma once

#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "link/link.hpp"

namespace bascule::test {

struct Sent {
  std::string topic, payload, properties;
  Qos qos;
  bool retain;
  std::uint64_t tag;
  std::uint16_t packet_id = 0;
  Outgoing::Stage stage = Outgoing::Stage::fresh;
};

class ScriptedLink final : public Link {
 public:
  ~ScriptedLink() override { loop_.stop(); }

  // Runs `task` on the loop's thread and waits for it.
  void run(const std::function<void()>& task) {
    std::promise<void> done;
    loop_.post([&] {
      task();
      done.set_value();
    });
    done.get_future().get();
  }

  std::vector<Sent> sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }
  // What was published since the last call.
  std::vector<Sent> take_sent() {
    const std::lock_guard lock(mutex_);
    return std::exchange(sent_, {});
  }
  std::vector<std::uint64_t> acknowledged() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
  }
  // The packet ids of QoS 2 that were released since the last call.
  std::vector<std::uint16_t> take_released() {
    const std::lock_guard lock(mutex_);
    return std::exchange(released_, {});
  }
  std::vector<std::string> dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

  // What was unsubscribed since the last call, in one list a call of unsubscribe().
  std::vector<std::vector<std::string>> take_unsubscribed() {
    const std::lock_guard lock(mutex_);
    return std::exchange(unsubscribed_, {});
  }

  // Sees each publish, on the loop's thread; calls nothing back.
  std::function<void(const Sent&)> on_publish;
  std::function<void(std::uint64_t tag)> on_acknowledge;  // any thread
  std::atomic<int> gone_on = 0;

  void start(LinkHandlers, std::vector<Subscription>, std::vector<std::string>) override {}
  void want(std::vector<Subscription>) override {}
  void identify(const std::string&, std::uint32_t) override {}
  void unsubscribe(std::vector<std::string> filters) override {
    const std::lock_guard lock(mutex_);
    unsubscribed_.push_back(std::move(filters));
  }
  void take_back(const std::string&) override {}
  void stop(std::chrono::milliseconds) override { loop_.stop(); }
  void publish(std::span<const Outgoing> messages) override {
    for (const Outgoing& out : messages) {
      const Message& message = out.message;
      Sent sent{std::string(message.topic),
                std::string(message.payload),
                std::string(message.properties),
                message.qos,
                message.retain,
                out.tag,
                out.packet_id,
                out.stage};
      if (on_publish) on_publish(sent);
      const std::lock_guard lock(mutex_);
      sent_.push_back(std::move(sent));
    }
  }
  void release(std::uint16_t packet_id) override {
    const std::lock_guard lock(mutex_);
    released_.push_back(packet_id);
  }
  void acknowledge(std::uint64_t tag) override {
    if (on_acknowledge) on_acknowledge(tag);
    const std::lock_guard lock(mutex_);
    acknowledged_.push_back(tag);
  }
  void drop(const std::string& reason) override {
    const std::lock_guard lock(mutex_);
    dropped_.push_back(reason);
  }
  void hold(const std::string& reason) override { drop(reason); }
  void go_on() override { ++gone_on; }
  void pause(const std::string&) override {}
  void resume() override {}
  LinkStatus status() const override {
    LinkStatus status;
    status.broker = "mqtt://scripted";
    return status;
  }
  Loop& loop() override { return loop_; }

 private:
  mutable std::mutex mutex_;
  std::vector<Sent> sent_;
  std::vector<std::uint64_t> acknowledged_;
  std::vector<std::uint16_t> released_;
  std::vector<std::string> dropped_;
  std::vector<std::vector<std::string>> unsubscribed_;
  Loop loop_{"scripted"};
};

}  // namespace bascule::test
