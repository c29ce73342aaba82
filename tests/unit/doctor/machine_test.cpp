#include "doctor/machine.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace bascule;

namespace {

using Level = Finding::Level;

constexpr std::int64_t now_s = 1'795'000'000;  // 2026-11-18
constexpr std::uint64_t gib = 1 << 30;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("doctor: a clock is wrong in another century, and behind the journal's own files") {
  CHECK(check_clock(now_s, now_s - 5, true).level == Level::ok);
  CHECK(check_clock(now_s, std::nullopt, false).level == Level::warning);
  CHECK(check_clock(0, std::nullopt, true).level == Level::error);
  CHECK(check_clock(5'000'000'000, std::nullopt, true).level == Level::error);
  CHECK(check_clock(now_s, now_s + 60, true).level == Level::ok);
  const Finding behind = check_clock(now_s, now_s + 7'200, true);
  CHECK(behind.level == Level::error);
  CHECK(contains(behind.text, "2 h later"));
}

TEST_CASE("doctor: a disk that syncs slowly is told, with what would help") {
  JournalSettings journal;
  CHECK(check_sync(4'000, 100'000, journal).level == Level::ok);
  CHECK(contains(check_sync(4'000, 12'345, journal).text, "4.0 ms (median), 12.3 ms (p99)"));
  const Finding slow = check_sync(4'000, 100'001, journal);
  CHECK(slow.level == Level::warning);
  CHECK(contains(slow.text, "gather: 500ms"));
  CHECK(contains(slow.text, "sync: normal"));
  journal.gather_ms = 500;
  CHECK_FALSE(contains(check_sync(4'000, 100'001, journal).text, "gather"));
  journal.sync = JournalSettings::Sync::normal;
  CHECK_FALSE(contains(check_sync(4'000, 100'001, journal).text, "sync: normal"));
}

TEST_CASE("doctor: the room on the disk is held against 14 days of what came") {
  CHECK(check_space(gib, gib, std::nullopt).level == Level::error);
  CHECK(contains(check_space(2 * gib, gib, std::nullopt).text, "no daemon tells"));
  CHECK(check_space(15 * gib, gib, gib).level == Level::ok);
  const Finding little = check_space(14 * gib, gib, gib);
  CHECK(little.level == Level::warning);
  CHECK(contains(little.text, "13 d"));
  CHECK(contains(check_space(2 * gib, gib, 1).text, "more than"));
}

TEST_CASE("doctor: a secret that everyone may read is told, and one that nobody may is an error") {
  char name[] = "/tmp/bascule-doctor-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  const std::string path = folder / "secret";
  CHECK(check_secret("central: password_file", path).level == Level::error);
  std::ofstream(path) << "canary";
  ::chmod(path.c_str(), 0640);
  CHECK(check_secret("central: password_file", path).level == Level::ok);
  ::chmod(path.c_str(), 0644);
  const Finding open = check_secret("central: password_file", path);
  CHECK(open.level == Level::warning);
  CHECK(contains(open.text, "chmod o= " + path));
  CHECK_FALSE(contains(open.text, "canary"));
  std::filesystem::remove_all(folder);
}
