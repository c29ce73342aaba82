// Reads parts of the blobs of one column, without the rest of them: of a large one, SQLite follows
// no more than the pointers to its pages. While it has a row open, nothing may be committed; its
// end closes it. Used by one thread at a time. Errors are DatabaseError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

struct sqlite3;
struct sqlite3_blob;

namespace bascule {

class BlobReader {
 public:
  BlobReader(sqlite3* database, const char* table, const char* column)
      : database_(database), table_(table), column_(column) {}
  ~BlobReader();
  BlobReader(const BlobReader&) = delete;
  BlobReader& operator=(const BlobReader&) = delete;

  // The row is there.
  void open(std::int64_t rowid);
  std::size_t size() const;
  // `count` bytes at `offset`, which are there.
  void read(char* out, std::size_t count, std::size_t offset);

 private:
  sqlite3* database_;
  const char* table_;
  const char* column_;
  sqlite3_blob* blob_ = nullptr;
};

}  // namespace bascule
