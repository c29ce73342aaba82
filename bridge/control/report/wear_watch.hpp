// How much of the life of the flash below a folder is used. It changes in months, so the kernel is
// asked once an hour, and not with each status. Any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace bascule {

class WearWatch {
 public:
  static constexpr std::int64_t every_ms = 3'600'000;

  // `sys`: where the kernel shows its devices.
  explicit WearWatch(std::string folder, std::string sys = "/sys")
      : folder_(std::move(folder)), sys_(std::move(sys)) {}

  // In per cent, as at most an hour ago; nothing: it is not told. `now_ms`: boot time.
  std::optional<unsigned> used_percent(std::int64_t now_ms);

 private:
  const std::string folder_, sys_;
  std::mutex mutex_;
  std::optional<std::int64_t> asked_ms_;
  std::optional<unsigned> used_percent_;
};

}  // namespace bascule
