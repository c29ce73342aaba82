// What a link knows, from connection to connection, of a broker that closes the connection over a
// SUBSCRIBE that it does not allow (RabbitMQ), where others refuse the one filter. Asked for
// everything at once it closes each time, and the link would never be up. So after three such
// closures in a row one filter is asked for at a time; a filter that was alone three times when the
// connection was closed is left out, and asked for again at growing intervals, alone. A line that
// breaks at such a moment costs no more than that. Time is an argument; one thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace bascule {

class SubscribeDoubts {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr int closures_max = 3;
  static constexpr std::chrono::seconds wait_min{10};
  static constexpr std::chrono::minutes wait_max{10};

  // The broker closed the connection while these were asked for, and not answered.
  void closed_over(const std::vector<std::string>& filters, Time now) {
    if (filters.empty()) return;
    ++closures_;
    if (filters.size() > 1) return;
    Doubt& doubt = doubts_[filters.front()];
    if (++doubt.closures < closures_max) return;
    doubt.wait = std::clamp<std::chrono::milliseconds>(doubt.wait * 2, wait_min, wait_max);
    doubt.again = now + doubt.wait;
  }
  void answered(const std::string& filter) { doubts_.erase(filter); }
  // All have been answered, or are left out.
  void settled() { closures_ = 0; }

  bool one_by_one() const { return closures_ >= closures_max; }
  bool left_out(const std::string& filter) const {
    const auto found = doubts_.find(filter);
    return found != doubts_.end() && found->second.closures >= closures_max;
  }
  // When one that is left out is to be asked for.
  Time again(const std::string& filter) const { return doubts_.at(filter).again; }

 private:
  struct Doubt {
    int closures = 0;  // while it was alone
    std::chrono::milliseconds wait{0};
    Time again;
  };

  int closures_ = 0;  // in a row
  std::map<std::string, Doubt> doubts_;
};

}  // namespace bascule
