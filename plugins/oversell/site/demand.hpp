// What the others were seen to sell: a few samples of a count that only rises. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "oversell/ladder/ladder.hpp"
#include "oversell/site/contact.hpp"

namespace bascule::oversell {

class Demand {
 public:
  // The others have sold `total` in all, as of then. Samples reach `watch_s` back and no further
  // than needed; those of an earlier boot are of no use, for the time between is not known.
  void note(const Moment& at, std::int64_t total, std::int64_t watch_s) {
    total_ = total;
    if (!samples_.empty() && samples_.front().boot != at.boot) samples_.clear();
    const auto spacing_ms = watch_s * 1000 / samples_max;
    if (samples_.empty() || at.boottime_ms - samples_.back().boottime_ms >= spacing_ms) {
      samples_.push_back({at.boot, at.boottime_ms, total});
    }
    while (samples_.size() > 2 && samples_[1].boottime_ms <= at.boottime_ms - watch_s * 1000) {
      samples_.erase(samples_.begin());
    }
  }

  // What was seen until the last contact, which came after the last sample.
  Watched until(const Moment& contact) const {
    if (samples_.empty() || samples_.front().boot != contact.boot) return {};
    const auto& first = samples_.front();
    return {
        static_cast<double>(std::max<std::int64_t>(total_ - first.total, 0)),
        static_cast<double>(std::max<std::int64_t>(contact.boottime_ms - first.boottime_ms, 0)) /
            1000};
  }

  Json json() const {
    auto json = Json::array({total_});
    for (const auto& sample : samples_) {
      json.push_back(Json::array({sample.boot, sample.boottime_ms, sample.total}));
    }
    return json;
  }
  static Demand of(const Json& json) {
    Demand demand;
    demand.total_ = json.at(0).get<std::int64_t>();
    for (std::size_t i = 1; i < json.size(); ++i) {
      const auto& sample = json[i];
      demand.samples_.push_back({sample.at(0).get<std::int64_t>(), sample.at(1).get<std::int64_t>(),
                                 sample.at(2).get<std::int64_t>()});
    }
    return demand;
  }

 private:
  static constexpr std::int64_t samples_max = 12;
  struct Sample {
    std::int64_t boot, boottime_ms, total;
  };
  std::vector<Sample> samples_;
  std::int64_t total_ = 0;
};

}  // namespace bascule::oversell
