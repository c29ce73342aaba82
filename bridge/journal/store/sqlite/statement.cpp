#include "journal/store/sqlite/statement.hpp"

#include <sqlite3.h>

#include <utility>

namespace bascule {

DatabaseError::DatabaseError(int error, const std::string& what)
    : std::runtime_error(what), code(error) {}
DatabaseError DatabaseError::of(sqlite3* database, int code, std::string_view doing) {
  std::string what = sqlite3_errstr(code);
  if (database != nullptr && sqlite3_errmsg(database) != what) {
    what += std::string(" (") + sqlite3_errmsg(database) + ")";
  }
  return {code, what + " in " + std::string(doing.substr(0, 60))};
}
bool DatabaseError::full() const { return (code & 0xFF) == SQLITE_FULL; }
DatabaseError DatabaseError::contradiction(const std::string& what) {
  return {SQLITE_CORRUPT, what};
}

bool DatabaseError::damaged() const {
  return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB;
}

Statement::Statement(sqlite3* database, std::string_view sql) {
  const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) throw DatabaseError::of(database, code, sql);
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
  throw DatabaseError::of(database, extended, sql);
}
void Statement::reset() {
  if (!stepped_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  stepped_ = false;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
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

}  // namespace bascule
