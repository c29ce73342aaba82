#include "journal/store/sqlite/blob_reader.hpp"

#include <sqlite3.h>

#include "journal/store/sqlite/statement.hpp"

namespace bascule {

BlobReader::~BlobReader() { sqlite3_blob_close(blob_); }

void BlobReader::open(std::int64_t rowid) {
  const int code = blob_ == nullptr
                       ? sqlite3_blob_open(database_, "main", table_, column_, rowid, 0, &blob_)
                       : sqlite3_blob_reopen(blob_, rowid);
  if (code != SQLITE_OK) throw DatabaseError::of(database_, code, "reading a blob");
}

std::size_t BlobReader::size() const { return static_cast<std::size_t>(sqlite3_blob_bytes(blob_)); }

void BlobReader::read(char* out, std::size_t count, std::size_t offset) {
  const int code = sqlite3_blob_read(blob_, out, static_cast<int>(count), static_cast<int>(offset));
  if (code != SQLITE_OK) throw DatabaseError::of(database_, code, "reading a blob");
}

}  // namespace bascule
