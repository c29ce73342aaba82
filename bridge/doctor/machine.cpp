#include "doctor/machine.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "doctor/wear.hpp"
#include "link/key/pkcs11_uri.hpp"
#include "text/units.hpp"

namespace bascule {
namespace {

using Level = Finding::Level;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t sane_from_s = 1'735'689'600;   // 2025-01-01
constexpr std::int64_t sane_until_s = 4'102'444'800;  // 2100-01-01
constexpr std::int64_t skew_s = 60;
constexpr std::int64_t sync_slow_us = 100'000;
constexpr int days_wanted = 14;
constexpr double days_max = 3'650;

std::string error_text() { return std::generic_category().message(errno); }

std::string ms_text(std::int64_t us) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms", static_cast<double>(us) / 1000);
  return text;
}

bool kept_by_ntp() {
  timex state{};
  return ::adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0;
}

std::optional<std::int64_t> newest_file_s(const std::string& folder) {
  std::optional<std::int64_t> newest;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    struct stat found {};
    if (::stat(entry.path().c_str(), &found) != 0) continue;
    newest = std::max<std::int64_t>(newest.value_or(0), found.st_mtime);
  }
  return newest;
}

// Times of a write of 4 KiB and its sync, in µs, the shortest first; a file without a name, which
// is gone whatever happens. Empty: it cannot be done, and errno says why.
std::vector<std::int64_t> sync_times(const std::string& folder) {
  constexpr std::size_t rounds = 200;
  constexpr std::chrono::seconds at_most{3};
  std::vector<std::int64_t> times;
  const int file = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) return times;
  const std::string block(4096, 'x');
  const auto end = Clock::now() + at_most;
  while (times.size() < rounds && (times.empty() || Clock::now() < end)) {
    const auto begin = Clock::now();
    if (::write(file, block.data(), block.size()) != std::ssize(block) || ::fdatasync(file) != 0) {
      times.clear();
      break;
    }
    times.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
  }
  const int why = errno;
  ::close(file);
  errno = why;
  std::ranges::sort(times);
  return times;
}

// Whether its disk can be tried.
bool check_folder(const std::string& folder, const Tell& tell) {
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) {
    tell(
        {Level::warning, "here", "data_dir",
         folder + ": " + error_text() + "; the first start makes it, or systemd's StateDirectory"});
    return false;
  }
  if (!S_ISDIR(found.st_mode)) {
    tell({Level::error, "here", "data_dir", folder + " is no folder; name another data_dir"});
    return false;
  }
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
    tell({Level::error, "here", "data_dir",
          folder + ": " + error_text() +
              " to this user; ask as the service's: sudo -u bascule bascule "
              "doctor, or give it to that: chown bascule: " +
              folder});
    return false;
  }
  if ((found.st_mode & (S_IROTH | S_IWOTH | S_IXOTH)) != 0) {
    tell({Level::warning, "here", "data_dir",
          folder + " is open to everyone on this machine, with all messages that wait; chmod o= " +
              folder});
  } else {
    tell({Level::ok, "here", "data_dir", folder + " is writable, and closed to others"});
  }
  return true;
}

void check_disk(const BridgeConfig& config, const JournalRates& rates, const Tell& tell) {
  const std::string& folder = config.data_dir;
  const auto times = sync_times(folder);
  if (times.empty()) {
    tell({Level::error, "here", "disk",
          folder + " cannot be written: " + error_text() +
              "; mend the disk, or name another data_dir"});
  } else {
    tell(check_sync(times[times.size() / 2], times[times.size() * 99 / 100], config.journal));
  }
  struct stat found {};
  if (::stat(folder.c_str(), &found) == 0) {
    tell(check_wear(major(found.st_dev), minor(found.st_dev), "/sys"));
  }
  if (config.journal.endurance_bytes > 0) {
    tell(check_endurance(rates.flash_years, config.journal.gather_ms > 0));
  }
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return;
  tell(check_space(std::uint64_t{disk.f_bavail} * disk.f_frsize, config.journal.min_free_bytes,
                   rates.day_bytes));
}

void check_secrets(const BridgeConfig& config, const Tell& tell) {
  const auto check = [&tell](const std::string& key, const std::string& path) {
    if (!path.empty() && !names_token(path)) tell(check_secret(key, path));
  };
  for (const LinkSettings* const link : {&config.site, &config.central}) {
    for (const auto& [key, path] :
         {std::pair{"password_file", &link->password_file},
          std::pair{"token.key_file", &link->token.key_file},
          std::pair{"auth.data_file", &link->auth.data_file},
          std::pair{"proxy_password_file", &link->proxy.password_file},
          std::pair{"tls.key_file", &link->tls.key_file},
          std::pair{"tls.key_password_file", &link->tls.key_password_file}}) {
      check(link->name + ": " + key, *path);
    }
  }
  check("bridge: stamp_key_file", config.stamp_key_file);
  if (!config.control.http) return;
  check("control: token_file", config.control.http->token_file);
  check("control: tls.key_file", config.control.http->key_file);
}

void check_plugins(const BridgeConfig& config, const Tell& tell) {
  if (config.policies.empty()) return;
  try {
    check_policies(config);
  } catch (const ConfigError& error) {
    for (const Problem& problem : error.problems()) {
      tell({Level::error, "here", "plugins", to_string(problem)});
    }
    return;
  }
  for (const PolicyConfig& policy : config.policies) {
    tell({Level::ok, "here", "plugins", policy.plugin + " loads, for policy " + policy.name});
  }
}

}  // namespace

Finding check_clock(std::int64_t now_s, std::optional<std::int64_t> newest_file_s,
                    bool synchronized) {
  const std::time_t now = now_s;
  char text[32];
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc);
  const std::string set = ": set it, as with 'timedatectl set-ntp true'";
  if (now_s < sane_from_s || now_s >= sane_until_s) {
    return {Level::error, "here", "clock", std::string("it says ") + text + set};
  }
  if (newest_file_s && *newest_file_s > now_s + skew_s) {
    return {Level::error, "here", "clock",
            std::string("it says ") + text + ", and the journal was written " +
                span_text(static_cast<double>(*newest_file_s - now_s)) + " later" + set};
  }
  if (!synchronized) {
    return {Level::warning, "here", "clock",
            std::string(text) + ", and nobody keeps it: 'timedatectl set-ntp true', or run chrony"};
  }
  return {Level::ok, "here", "clock", std::string(text) + ", kept by NTP"};
}

Finding check_sync(std::int64_t p50_us, std::int64_t p99_us, const JournalSettings& journal) {
  const std::string times =
      "a sync takes " + ms_text(p50_us) + " (median), " + ms_text(p99_us) + " (p99)";
  if (p99_us <= sync_slow_us) return {Level::ok, "here", "disk", times};
  // What costs nothing that was promised comes first.
  std::string advice;
  if (journal.sync == JournalSettings::Sync::full) {
    advice = "; a better disk";
    if (journal.gather_ms == 0) advice += ", 'gather: 500ms', by which messages share a commit";
    advice += ", or 'sync: normal', by which a power cut takes what was acknowledged last";
  }
  return {Level::warning, "here", "disk", times + ": each commit waits for it" + advice};
}

Finding check_space(std::uint64_t free_bytes, std::uint64_t min_free_bytes,
                    std::optional<std::uint64_t> day_bytes) {
  const std::string free = size_text(free_bytes >> 20 << 20) + " free";
  if (free_bytes <= min_free_bytes) {
    return {Level::error, "here", "space",
            free + ", and journal.min_free is " + size_text(min_free_bytes) +
                ": nothing is taken in; make room"};
  }
  if (!day_bytes || *day_bytes == 0) {
    return {Level::ok, "here", "space", free + "; no daemon tells how much comes in a day"};
  }
  const double days = std::min(
      static_cast<double>(free_bytes - min_free_bytes) / static_cast<double>(*day_bytes), days_max);
  const std::string lasts = free + ": at what came lately, an outage of " +
                            (days == days_max ? "more than " : "") + span_text(days * 86'400);
  if (days >= days_wanted) return {Level::ok, "here", "space", lasts};
  return {Level::warning, "here", "space",
          lasts + ", and not of 14 days: a larger disk, or lanes with 'ttl' and 'max_size'"};
}

Finding check_secret(const std::string& key, const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || ::access(path.c_str(), R_OK) != 0) {
    return {Level::error, "here", "secrets",
            key + ": " + path + ": " + error_text() +
                "; let the service's user read it: chgrp bascule, "
                "chmod 640"};
  }
  if ((found.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return {Level::warning, "here", "secrets",
            key + ": everyone on this machine may read or change " + path + "; chmod o= " + path};
  }
  return {Level::ok, "here", "secrets", key + ": " + path + " is closed to others"};
}

void check_machine(const BridgeConfig& config, const JournalRates& rates, const Tell& tell) {
  tell(check_clock(std::time(nullptr), newest_file_s(config.data_dir), kept_by_ntp()));
  if (check_folder(config.data_dir, tell)) check_disk(config, rates, tell);
  check_secrets(config, tell);
  check_plugins(config, tell);
}

}  // namespace bascule
