#include "crossing/comparison_blemishes.hpp"

namespace bascule {

std::string ComparisonBlemishes::text(const std::string& client_id) const {
  if (hidden > 0) {
    return std::to_string(hidden) + " retained values under " + hidden_filter +
           " are missing, but client id " + client_id +
           " has never been shown any of them, so they stay on the other side. May it read them?";
  }
  if (left_out > 0) {
    return "the broker left " + std::to_string(left_out) +
           " retained values out of its answer (mosquitto: max_queued_messages), which had to be "
           "asked for one by one; of new ones some may be missing on the other side";
  }
  if (unfit > 0) {
    return std::to_string(unfit) + " retained values cannot cross: too large, or illegal";
  }
  return {};
}

}  // namespace bascule
