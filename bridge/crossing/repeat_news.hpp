// What people are told of messages that came back, and of stamps that were copied: in the log, and
// as events. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "events.hpp"
#include "journal/lane/repeat_count.hpp"

namespace bascule {

class RepeatNews {
 public:
  // `events` outlives it.
  RepeatNews(std::string link, Events& events) : link_(std::move(link)), events_(events) {}

  void noticed(const RepeatNotice& notice, std::uint64_t count) const;

 private:
  const std::string link_;
  Events& events_;
};

}  // namespace bascule
