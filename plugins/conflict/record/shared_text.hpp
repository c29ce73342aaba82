// A text that never changes: its own, or a piece of a longer one that all its pieces keep alive.
#pragma once

#include <compare>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace bascule::conflict {

class SharedText {
 public:
  SharedText() = default;
  explicit SharedText(std::string own)
      : whole_(std::make_shared<const std::string>(std::move(own))), piece_(*whole_) {}
  SharedText(std::shared_ptr<const std::string> whole, std::string_view piece)
      : whole_(std::move(whole)), piece_(piece) {}

  operator std::string_view() const { return piece_; }
  friend bool operator==(const SharedText& a, const SharedText& b) { return a.piece_ == b.piece_; }
  friend bool operator==(const SharedText& a, std::string_view b) { return a.piece_ == b; }
  friend auto operator<=>(const SharedText& a, const SharedText& b) {
    return a.piece_ <=> b.piece_;
  }

 private:
  std::shared_ptr<const std::string> whole_;
  std::string_view piece_;
};

}  // namespace bascule::conflict
