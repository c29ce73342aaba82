#include "journal/store/database.hpp"

#include <sqlite3.h>

#include <utility>

#include "journal/store/gather_vfs.hpp"

namespace bascule {
namespace {

[[noreturn]] void fail(sqlite3* database, int code, std::string_view doing) {
  std::string what = sqlite3_errstr(code);
  if (database != nullptr && sqlite3_errmsg(database) != what) {
    what += std::string(" (") + sqlite3_errmsg(database) + ")";
  }
  throw DatabaseError(code, what + " in " + std::string(doing.substr(0, 60)));
}

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

}  // namespace

DatabaseError::DatabaseError(int error, const std::string& what)
    : std::runtime_error(what), code(error) {}
bool DatabaseError::full() const { return (code & 0xFF) == SQLITE_FULL; }
bool DatabaseError::damaged() const {
  return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB;
}

Statement::Statement(sqlite3* database, std::string_view sql) {
  const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) fail(database, code, sql);
}
Statement::~Statement() { sqlite3_finalize(statement_); }
Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), stepped_(other.stepped_) {}

bool Statement::step() {
  stepped_ = true;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const std::string sql = sqlite3_sql(statement_);
  sqlite3* database = sqlite3_db_handle(statement_);
  const int extended = sqlite3_extended_errcode(database);
  sqlite3_reset(statement_);
  fail(database, extended, sql);
}
void Statement::reset() {
  if (!stepped_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  stepped_ = false;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}
std::string_view Statement::text(int column) const { return blob(column); }
std::string_view Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void Statement::set(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
void Statement::set(int index, std::string_view value) {
  sqlite3_bind_text64(statement_, index, value.data() == nullptr ? "" : value.data(), value.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}
void Statement::set(int index, Blob value) {
  sqlite3_bind_blob64(statement_, index, value.bytes.data() == nullptr ? "" : value.bytes.data(),
                      value.bytes.size(), SQLITE_STATIC);
}

Database::Database(const std::string& path) {
  // Nobody asks how much SQLite has allocated, and counting takes a lock each time. It can be told
  // so before its first use alone.
  static const int told = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(told);
  const std::string uri = "file:" + escaped(path) + "?psow=0";
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
Database::~Database() { sqlite3_close_v2(database_); }

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(database_, sqlite3_extended_errcode(database_), sql);
  }
}
std::int64_t Database::integer(const std::string& sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}
std::string Database::text(const std::string& sql) {
  Statement statement = prepare(sql);
  return statement.step() ? std::string(statement.text(0)) : std::string();
}
std::int64_t Database::changes() const { return sqlite3_changes64(database_); }
std::int64_t Database::total_changes() const { return sqlite3_total_changes64(database_); }

void Database::leave_log() {
  sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
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
  if (code != SQLITE_OK) fail(database_, code, "checkpoint");
  log_pages_ = 0;
}

}  // namespace bascule
