#include "journal/store/sqlite/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "journal/store/sqlite/gather_vfs.hpp"
#include "journal/store/sqlite/log_sectors.hpp"

namespace bascule {
namespace {

// A path as part of a file: URI.
std::string escaped(const std::string& path) {
  constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      out += {'%', hex[static_cast<unsigned char>(c) >> 4], hex[c & 15]};
    } else {
      out += c;
    }
  }
  return out;
}

// The owner alone reads what crosses, whatever the umask. SQLite gives its log the file's mode.
// What fails here, SQLite says when it opens the file.
void close_to_others(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  ::fchmod(file, 0600);
  ::close(file);
}

// Whether the pages of the file leave room for what its log puts there; so do those of a new one.
// Where a power cut has torn the file's first page, the log has it, and which log there is tells.
bool leaves_room(const std::string& path) {
  constexpr std::string_view magic{"SQLite format 3\0", 16};
  char head[21] = {};
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    if (::pread(file, head, sizeof head, 0) != sizeof head) head[0] = '\0';
    ::close(file);
  }
  if (std::string_view(head, magic.size()) == magic) {
    return head[20] == static_cast<char>(log_sectors::frame_header_bytes);
  }
  const auto exists = [&path](std::string_view suffix) {
    return ::access((path + std::string(suffix)).c_str(), F_OK) == 0;
  };
  return exists(sector_log_suffix) || !exists("-wal");
}

}  // namespace

Database::Database(const std::string& path) {
  close_to_others(path);
  const bool sectors = leaves_room(path);
  log_path_ = path + (sectors ? std::string(sector_log_suffix) : "-wal");
  // Nobody asks how much SQLite has allocated, and counting takes a lock each time. It can be told
  // so before its first use alone.
  static const int told = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(told);
  std::string uri = "file:" + escaped(path) + "?psow=0";
  if (sectors) uri.append(1, '&').append(sectors_parameter).append("=1");
  const int code = sqlite3_open_v2(
      uri.c_str(), &database_,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
      gather_vfs());
  if (code != SQLITE_OK) {
    sqlite3* broken = std::exchange(database_, nullptr);
    const std::string what = sqlite3_errmsg(broken);
    sqlite3_close(broken);
    throw DatabaseError(code, what);
  }
  sqlite3_extended_result_codes(database_, 1);
  if (sectors) {
    int reserved = log_sectors::frame_header_bytes;
    sqlite3_file_control(database_, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  }
  // Checkpoints are ours to time. In this order: autocheckpoint is itself a hook, and turning it
  // off removes whichever is there.
  sqlite3_wal_autocheckpoint(database_, 0);
  sqlite3_wal_hook(
      database_,
      [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
      },
      &log_pages_);
}
Database::~Database() {
  statements_.clear();
  sqlite3_close_v2(database_);
}

Statement& Database::prepared(const char* sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second;
  return statements_.emplace(sql, Statement(database_, sql)).first->second;
}

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw DatabaseError::of(database_, sqlite3_extended_errcode(database_), sql);
  }
}
std::int64_t Database::integer(const std::string& sql) {
  Statement statement(database_, sql);
  return statement.step() ? statement.integer(0) : 0;
}
std::string Database::text(const std::string& sql) {
  Statement statement(database_, sql);
  return statement.step() ? std::string(statement.text(0)) : std::string();
}
std::int64_t Database::changes() const { return sqlite3_changes64(database_); }
std::int64_t Database::total_changes() const { return sqlite3_total_changes64(database_); }

void Database::leave_log() {
  sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

void Database::roll_back() {
  if (sqlite3_get_autocommit(database_) == 0) execute("ROLLBACK");
}

void Database::copy_to(const std::string& path) {
  close_to_others(path);
  try {
    Statement(database_, "VACUUM INTO ?1").run(path);
  } catch (const DatabaseError&) {
    ::unlink(path.c_str());
    throw;
  }
}

void Database::checkpoint(Sync sync) {
  sqlite3_file* log = nullptr;
  if (sync == Sync::later) {
    sqlite3_file_control(database_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    sqlite3_file_control(database_, "main", leave_syncs_control, log);
  }
  // Passive: with one connection there is nobody to wait for, and the log starts anew after it.
  const int code =
      sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  sqlite3_file_control(database_, "main", leave_syncs_control, nullptr);
  if (code != SQLITE_OK) throw DatabaseError::of(database_, code, "checkpoint");
  log_pages_ = 0;
}

void Database::empty_log() {
  const int code =
      sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK) throw DatabaseError::of(database_, code, "checkpoint");
  log_pages_ = 0;
}

}  // namespace bascule
