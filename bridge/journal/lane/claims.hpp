// Under which packet ids the messages of one lane are with the far broker at QoS 2, and how far
// each has come. Not thread-safe: it has one owner.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bascule {

struct Claim {
  std::uint64_t sequence = 0;
  std::uint16_t packet_id = 0;
  bool received = false;  // PUBREC came
};

class Claims {
 public:
  void add(const Claim& claim);          // in place of an older one of its sequence
  void receive(std::uint64_t sequence);  // nothing, if it is not claimed
  void end(std::uint64_t sequence);      // likewise
  void clear() { claims_.clear(); }

  std::optional<Claim> find(std::uint64_t sequence) const;
  bool empty() const { return claims_.empty(); }
  const std::map<std::uint64_t, Claim>& all() const { return claims_; }  // by sequence

  // As FORMAT.md says. decode ignores a torn tail.
  std::string encode() const;
  static Claims decode(std::string_view bytes);

 private:
  std::map<std::uint64_t, Claim> claims_;
};

}  // namespace bascule
