// A journal in a directory of its own, for the tests of those who use it.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "message/properties.hpp"

namespace bascule::test {

struct TemporaryDirectory {
  std::filesystem::path path;
  TemporaryDirectory() {
    char name[] = "/tmp/bascule-unit-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
};

inline LaneSettings lane_settings(std::string name, int priority = 5) {
  LaneSettings lane;
  lane.name = std::move(name);
  lane.priority = priority;
  return lane;
}

inline std::string expiry_property(std::uint32_t seconds) {
  std::string block;
  append_property(block, {PropertyId::message_expiry, seconds, {}, {}});
  return block;
}

inline std::string user_property_block(std::string_view name, std::string_view value) {
  std::string block;
  append_property(block, {PropertyId::user_property, 0, name, value});
  return block;
}

class JournalCase {
 public:
  explicit JournalCase(std::vector<LaneSettings> lanes = {}, JournalSettings settings = {})
      : lanes_(std::move(lanes)), settings_(std::move(settings)) {
    settings_.data_dir = directory_.path;
    settings_.sync = JournalSettings::Sync::normal;
    settings_.min_free_bytes = 0;
    open();
  }

  void open() {
    journal_ = std::make_unique<Journal>(settings_, "store-42", lanes_);
    journal_->start([this](const Loss& loss, const std::string& lane, Direction direction) {
      if (on_loss) on_loss(loss, lane, direction);
    });
  }
  void close() { journal_.reset(); }

  Journal& operator*() { return *journal_; }
  Journal* operator->() { return journal_.get(); }

  // Appends a message of the site's and waits until it is durable.
  AppendResult append(const std::string& lane, const Message& message) {
    AppendGroup group;
    encode_record(message, {}, false, group.bytes);
    group.entries.push_back({journal_->lane(Direction::up, lane), 0, group.bytes.size()});
    group.received = lane == events_lane ? 0 : 1;
    std::promise<AppendResult> done;
    journal_->append(std::move(group), [&](AppendResult result) { done.set_value(result); });
    return done.get_future().get();
  }
  AppendResult append(const std::string& lane, const std::string& payload) {
    return append(lane, {"t", payload, {}, Qos::at_least_once, false});
  }

  // When it returns, what the journal was asked before is answered.
  void settle() {
    journal_->inspect([](JournalCore&) {});
    journal_->inspect([](JournalCore&) {});  // reads are answered after the tasks
  }

  LaneState state(const std::string& lane, Direction direction = Direction::up) {
    LaneState state;
    journal_->inspect(
        [&](JournalCore& core) { state = core.lanes().at(core.lane(direction, lane) - 1U); });
    return state;
  }
  std::vector<Loss> losses() {
    std::vector<Loss> losses;
    journal_->inspect([&](JournalCore& core) { losses = core.store().losses().newest(100); });
    return losses;
  }
  std::vector<QuarantineEntry> quarantined() {  // oldest first
    std::vector<QuarantineEntry> messages;
    journal_->inspect(
        [&](JournalCore& core) { messages = core.store().quarantine().after(0, 100); });
    return messages;
  }

  std::function<void(const Loss&, const std::string&, Direction)> on_loss;  // journal's thread

 private:
  TemporaryDirectory directory_;
  std::vector<LaneSettings> lanes_;
  JournalSettings settings_;
  std::unique_ptr<Journal> journal_;
};

}  // namespace bascule::test
