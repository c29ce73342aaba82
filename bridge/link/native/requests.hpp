// The SUBSCRIBE and UNSUBSCRIBE packets of one connection that are not answered: what each is
// about, by its packet id. Until publishes are on their way any id will do; then only those that
// publishes do not use. On the loop's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "link/native/packet_id.hpp"

namespace bascule {

class Requests {
 public:
  // The index of a SUBSCRIBE whose answer says nothing to anybody.
  static constexpr std::size_t of_nobody = ~std::size_t{0};

  // From now on there may be publishes.
  void leave_room() { first_ = next_ = first_request_id; }

  // Nobody asks any more for what was asked for until now.
  void disown() {
    for (auto& [id, index] : subscribes_) index = of_nobody;
  }

  std::uint16_t subscribe(std::size_t index) {
    const auto id = take();
    subscribes_[id] = index;
    return id;
  }
  std::uint16_t unsubscribe(std::vector<std::string> filters) {
    const auto id = take();
    unsubscribes_[id] = std::move(filters);
    return id;
  }

  // What an answer is about; nothing: there is no such request.
  std::optional<std::size_t> subscribed(std::uint16_t id) { return answered(subscribes_, id); }
  std::optional<std::vector<std::string>> unsubscribed(std::uint16_t id) {
    return answered(unsubscribes_, id);
  }

  // Whether there is an id for one more.
  bool room() const {
    return subscribes_.size() + unsubscribes_.size() <
           static_cast<std::size_t>(first_claimable_id - first_);
  }

 private:
  std::uint16_t take() {
    while (subscribes_.contains(next_) || unsubscribes_.contains(next_)) step();
    const auto id = next_;
    step();
    return id;
  }
  void step() {
    if (++next_ == first_claimable_id) next_ = first_;
  }

  template <class What>
  static std::optional<What> answered(std::map<std::uint16_t, What>& open, std::uint16_t id) {
    const auto found = open.find(id);
    if (found == open.end()) return std::nullopt;
    std::optional<What> what(std::move(found->second));
    open.erase(found);
    return what;
  }

  std::uint16_t first_ = 1;
  std::uint16_t next_ = 1;
  std::map<std::uint16_t, std::size_t> subscribes_;
  std::map<std::uint16_t, std::vector<std::string>> unsubscribes_;
};

}  // namespace bascule
