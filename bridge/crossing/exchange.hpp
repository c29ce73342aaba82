// While a session holds the filters of two configurations: a broker that delivers once per filter
// (MQTT 5) delivers what comes meanwhile for the former ones and for the new ones, and it is to
// cross once.
//
//   subscribe the new ones → say BOTH → it comes back: unsubscribe the former ones → say OVER →
//   it comes back
//
// The bridge says the words to itself, through the queue of its session. So what the broker got
// before BOTH comes before it, and each of the former filters brings all of that; what it got later
// each of the new ones brings. So of equal messages on one side of a word as many cross as the
// filter brought that brought the most. No one is lost, though devices say the same thing each
// second, and though the broker's queue was full for one of two copies. The words are the same
// after a restart, so those that are queued still mean what they meant.
//
// Which copies came is in memory. A bridge that is killed meanwhile gets those again that it had
// not acknowledged, mostly all copies of a message: one message may cross twice, where it had
// acknowledged one copy, and not the next.
//
// Any thread may call; what is delivered is shown on a link's reading thread, in its order.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "journal/lane/record.hpp"

namespace bascule {

class Exchange {
 public:
  // Copies of a message come close to each other: older ones are forgotten.
  static constexpr std::size_t remembered = 65'536;

  // `generation`: of the new filters.
  explicit Exchange(std::uint32_t generation);

  // The session holds both from here on; and no more. Neither forgets what has come.
  void begin();
  void end();
  bool under_way() const { return under_way_.load(std::memory_order_relaxed); }
  // Deliveries are to be shown to repeated().
  bool remembers() const { return under_way() || decided_any_.load(std::memory_order_relaxed); }
  // The session is a new one.
  void forget();

  // BOTH and OVER.
  const std::string& both() const { return both_; }
  const std::string& over() const { return over_; }
  // Such a word has come, of this exchange or of an earlier one.
  enum class Heard : std::uint8_t { nothing, both, over };
  Heard hear(std::string_view word);

  // Whether a delivery for this filter is a copy of one that came for another: to be dropped.
  // `filter` stands for it, whatever its identifier; at QoS 0 the receipt has packet id 0.
  bool repeated(std::uint32_t filter, const Receipt& receipt, bool duplicate);

 private:
  // Of one content.
  struct Count {
    struct Of {
      std::uint32_t filter = 0;
      std::uint32_t came = 0;
    };
    std::uint32_t crossed = 0;
    std::vector<Of> filters;
  };
  struct Decision {
    std::uint32_t digest = 0;
    bool repeat = false;
  };

  Count& count(std::uint32_t digest);
  bool decide(std::uint32_t filter, std::uint32_t digest);

  const std::string both_, over_;
  std::atomic<bool> under_way_ = false;
  std::atomic<bool> decided_any_ = false;
  std::mutex mutex_;                                         // guards the rest
  std::unordered_map<std::uint32_t, Count> counts_, older_;  // by digest
  // By packet id: what comes again by it has the same fate.
  std::unordered_map<std::uint16_t, Decision> decided_;
};

}  // namespace bascule
