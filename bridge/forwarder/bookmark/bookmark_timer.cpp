#include "forwarder/bookmark/bookmark_timer.hpp"

namespace bascule {
namespace {

constexpr std::uint64_t messages_per_bookmark = 1'000;

}  // namespace

void BookmarkTimer::moved() {
  if (accepted_ < messages_per_bookmark) return later();
  write();
}

void BookmarkTimer::later() {
  if (timer_ != nullptr) return;
  timer_ = loop_.after(delay_, [this] {
    timer_.reset();
    write();
  });
}

void BookmarkTimer::write() {
  accepted_ = 0;
  write_();
}

}  // namespace bascule
