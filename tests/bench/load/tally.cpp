#include "tally.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace load {

namespace {

bool mark(std::vector<bool>& seen, std::size_t number) {
  if (number >= seen.size()) seen.resize(number + number / 2 + 1);
  const bool known = seen[number];
  seen[number] = true;
  return known;
}

// The sequence in ORIGIN/EPOCH/LANE/SEQUENCE/CAPTURED; 0 without a stamp.
std::size_t stamped_sequence(std::string_view properties) {
  if (properties.empty()) return 0;
  auto stamp = user_property(properties, "bascule-stamp");
  std::size_t sequence = 0;
  for (int slash = 0; slash < 3; ++slash) stamp.remove_prefix(stamp.find('/') + 1);
  std::from_chars(stamp.data(), stamp.data() + stamp.size(), sequence);
  return sequence;
}

}  // namespace

void Tally::add(const Publish& publish, std::int64_t now_ns) {
  const auto text = publish.payload;
  const char* const end = text.data() + text.size();
  std::int64_t number = 0;
  std::int64_t written_ns = 0;
  const auto after = std::from_chars(text.data(), end, number).ptr;
  if (after != end) std::from_chars(after + 1, end, written_ns);

  ++arrived_;
  if (first_ns_ == 0) first_ns_ = now_ns;
  last_ns_ = now_ns;
  const auto sequence = stamped_sequence(publish.properties);
  const bool stamp_known = sequence != 0 && mark(seen_stamp_, sequence);
  if (number < 1 || number > count_) {
    ++strange_;
  } else if (mark(seen_, static_cast<std::size_t>(number))) {
    if (!stamp_known) ++unknown_repeats_;
  } else {
    if (number < highest_) ++out_of_order_;
    highest_ = std::max(highest_, number);
    ++unique_;
    latencies_ms_.push_back(static_cast<float>(now_ns - written_ns) / 1e6F);
  }
}

double Tally::latency_ms(double share) {
  if (latencies_ms_.empty()) return 0;
  const auto last = static_cast<double>(latencies_ms_.size() - 1);
  const auto at = latencies_ms_.begin() + static_cast<std::ptrdiff_t>(last * share + 0.5);
  std::nth_element(latencies_ms_.begin(), at, latencies_ms_.end());
  return static_cast<double>(*at);
}

void Tally::print() {
  std::printf(
      "{\"expected\": %lld, \"arrived\": %lld, \"unique\": %lld, \"missing\": %lld,"
      " \"repeats\": %lld, \"repeats_unknown_by_stamp\": %lld, \"out_of_order\": %lld,"
      " \"strange\": %lld, \"first_ns\": %lld, \"last_ns\": %lld, \"seconds\": %.3f,"
      " \"p50_ms\": %.4f, \"p99_ms\": %.4f, \"p999_ms\": %.4f, \"max_ms\": %.4f}\n",
      static_cast<long long>(count_), static_cast<long long>(arrived_),
      static_cast<long long>(unique_), static_cast<long long>(count_ - unique_),
      static_cast<long long>(arrived_ - unique_ - strange_),
      static_cast<long long>(unknown_repeats_), static_cast<long long>(out_of_order_),
      static_cast<long long>(strange_), static_cast<long long>(first_ns_),
      static_cast<long long>(last_ns_), static_cast<double>(last_ns_ - first_ns_) / 1e9,
      latency_ms(0.5), latency_ms(0.99), latency_ms(0.999), latency_ms(1));
}

}  // namespace load
