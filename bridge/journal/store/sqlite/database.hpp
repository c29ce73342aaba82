// SQLite, as little of it as the journal needs. Used by one thread at a time. The only files that
// see sqlite3.h are the sources of this folder.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "journal/store/sqlite/blob_reader.hpp"
#include "journal/store/sqlite/statement.hpp"

struct sqlite3;

namespace bascule {

class Database {
 public:
  // Opens or creates the file. A torn write may damage all of its sector. So each page has a sector
  // of the log to itself; in files from before that was so, the log is filled up behind each
  // transaction.
  explicit Database(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const std::string& sql);
  std::int64_t integer(const std::string& sql);  // the first column of the first row, or 0
  std::string text(const std::string& sql);
  // The statement of this literal: prepared at its first use, and kept by the literal's address.
  Statement& prepared(const char* sql);
  BlobReader blobs(const char* table, const char* column) { return {database_, table, column}; }
  std::int64_t changes() const;        // rows, of the last statement
  std::int64_t total_changes() const;  // rows, since opening

  // Where the log is, while it is there.
  const std::string& log_path() const { return log_path_; }
  // Pages in the write-ahead log as of the last commit, and moving them into the file.
  int log_pages() const { return log_pages_; }
  // The file is synced when it returns, or beside what the caller does next, until the next commit:
  // then that is what fails if the sync does.
  enum class Sync { now, later };
  void checkpoint(Sync sync);
  // Moves all of the log into the file, synced, and gives the log's room back. Not within a
  // transaction.
  void empty_log();
  // Closing will not move the log into the file: what belongs to others stays as it is.
  void leave_log();
  // Ends a transaction that is under way, if there is one, without its changes.
  void roll_back();
  // Writes all that is committed into a new file, synced, for the owner's eyes alone. Not within a
  // transaction.
  void copy_to(const std::string& path);

 private:
  sqlite3* database_ = nullptr;
  std::string log_path_;
  std::map<const char*, Statement> statements_;
  int log_pages_ = 0;
};

}  // namespace bascule
