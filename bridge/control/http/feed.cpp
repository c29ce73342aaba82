#include "control/http/feed.hpp"

#include <utility>

namespace bascule {
namespace {

std::string frame(const std::string& name, const std::string& data) {
  return "event: " + name + "\ndata: " + data + "\n\n";
}

}  // namespace

Feed::Reader::Reader(Feed& feed, std::function<void()> wake) : feed_(feed), wake_(std::move(wake)) {
  const std::lock_guard lock(feed_.mutex_);
  for (const auto& [name, state] : feed_.states_) states_[name] = state.text;
  feed_.readers_.insert(this);
  feed_.changed_.notify_all();
}

Feed::Reader::~Reader() {
  const std::lock_guard lock(feed_.mutex_);
  feed_.readers_.erase(this);
  if (feed_.readers_.empty()) feed_.states_.clear();
}

// Notices first: the state that follows has what they tell of.
std::string Feed::Reader::take() {
  const std::lock_guard lock(feed_.mutex_);
  std::string text;
  for (const Text& notice : notices_) text += *notice;
  if (missed_ > 0) text += frame("missed", R"({"events":)" + std::to_string(missed_) + '}');
  for (const auto& [_, state] : states_) text += *state;
  states_.clear();
  notices_.clear();
  notice_bytes_ = missed_ = 0;
  return text;
}

void Feed::Reader::add(const Text& notice) {
  if (missed_ > 0 || notices_.size() == notices_max ||
      notice_bytes_ + notice->size() > notice_bytes_max) {
    ++missed_;
    return;
  }
  notices_.push_back(notice);
  notice_bytes_ += notice->size();
}

void Feed::state(const std::string& name, const std::string& key, const std::string& data) {
  const std::lock_guard lock(mutex_);
  if (readers_.empty()) return;
  const auto [known, is_new] = states_.try_emplace(name);
  if (!is_new && known->second.key == key) return;
  known->second = {key, std::make_shared<const std::string>(frame(name, data))};
  for (Reader* reader : readers_) {
    const bool was_empty = reader->empty();
    reader->states_[name] = known->second.text;
    if (was_empty) reader->wake_();
  }
}

void Feed::notice(const std::string& name, const std::string& data) {
  const auto text = std::make_shared<const std::string>(frame(name, data));
  const std::lock_guard lock(mutex_);
  for (Reader* reader : readers_) {
    const bool was_empty = reader->empty();
    reader->add(text);
    if (was_empty) reader->wake_();
  }
}

bool Feed::await_reader() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || !readers_.empty(); });
  return !closed_;
}

bool Feed::is_read() {
  const std::lock_guard lock(mutex_);
  return !readers_.empty();
}

bool Feed::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [this] { return closed_; });
}

void Feed::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace bascule
