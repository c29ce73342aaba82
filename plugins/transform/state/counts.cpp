#include "transform/state/counts.hpp"

namespace bascule::transform {

namespace {

constexpr std::string_view key = "counts";

sdk::Json load(plugin::Step& host) {
  const auto kept = host.get(key);
  return kept ? sdk::Json::parse(*kept) : sdk::Json{{"counts", sdk::Json::object()}};
}

}  // namespace

std::uint64_t Counts::add(std::string_view what, std::string_view reason, std::uint64_t count) {
  auto kept = load(host_);
  auto& one = kept["counts"][std::string(what)][std::string(reason)];
  count += one.is_null() ? 0 : one.get<std::uint64_t>();
  one = count;
  if (report_ms_ > 0 && !kept.value("reports", false)) {
    kept["reports"] = true;
    host_.wake_at(report_wake, now_ms_ + report_ms_);
  }
  host_.put(key, kept.dump());
  return count;
}

sdk::Json Counts::report() {
  auto kept = load(host_);
  kept["reports"] = false;
  host_.put(key, kept.dump());
  return kept["counts"];
}

sdk::Json Counts::all() const { return load(host_)["counts"]; }

}  // namespace bascule::transform
