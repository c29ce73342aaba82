#include "forwarder/bookmark/bookmark_timer.hpp"

namespace bascule {
namespace {

constexpr std::uint64_t messages_per_bookmark = 1'000;

}  // namespace

void BookmarkTimer::moved(bool idle) {
  if (accepted_ >= messages_per_bookmark || (idle && timer_ == nullptr)) return write();
  later();
}

void BookmarkTimer::later() {
  due_ = true;
  if (timer_ == nullptr) wait();
}

void BookmarkTimer::written() {
  accepted_ = 0;
  due_ = false;
  wait();
}

void BookmarkTimer::stop() {
  timer_.reset();
  due_ = false;
  accepted_ = 0;
}

void BookmarkTimer::wait() {
  timer_ = loop_.after(delay_, [this] {
    timer_.reset();
    if (due_) write();
  });
}

void BookmarkTimer::write() {
  written();
  write_();
}

}  // namespace bascule
