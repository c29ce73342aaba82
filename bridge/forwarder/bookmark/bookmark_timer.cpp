#include "forwarder/bookmark/bookmark_timer.hpp"

#include <algorithm>

namespace bascule {
namespace {

constexpr std::uint64_t messages_per_bookmark = 1'000;

}  // namespace

void BookmarkTimer::moved(bool idle) {
  const bool many = accepted_ >= messages_per_bookmark && !too_soon_;
  if (many || (idle && timer_ == nullptr)) return write();
  later();
}

void BookmarkTimer::later() {
  due_ = true;
  if (timer_ == nullptr) wait(delay_);
}

void BookmarkTimer::again() {
  due_ = true;
  wait(delay_);
}

void BookmarkTimer::written() {
  accepted_ = 0;
  due_ = false;
  too_soon_ = apart_.count() > 0;
  wait(std::max(delay_, apart_));
}

void BookmarkTimer::stop() {
  timer_.reset();
  due_ = too_soon_ = false;
  accepted_ = 0;
}

void BookmarkTimer::wait(std::chrono::milliseconds delay) {
  timer_ = loop_.after(delay, [this] {
    timer_.reset();
    too_soon_ = false;
    if (due_) write();
  });
}

void BookmarkTimer::write() {
  written();
  write_();
}

}  // namespace bascule
