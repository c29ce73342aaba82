// One prepared statement of SQLite, and what it says no to. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace bascule {

// What SQLite said no to. `full` is SQLITE_FULL; `damaged` is a file that is no database or is
// corrupt.
class DatabaseError : public std::runtime_error {
 public:
  DatabaseError(int code, const std::string& what);
  // What SQLite has to say of `code`; null: the database could not even be made.
  static DatabaseError of(sqlite3* database, int code, std::string_view doing);
  // The database contradicts itself, though SQLite does not say so.
  static DatabaseError contradiction(const std::string& what);
  int code;
  bool full() const;
  bool damaged() const;
};

struct Blob {
  std::string_view bytes;
};

class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& operator=(Statement&&) = delete;

  // Binds the arguments from ?1 on, dropping an execution that was under way. Bound text and blobs
  // must live until the last step().
  template <typename... Args>
  Statement& bind(const Args&... args) {
    reset();
    int index = 0;
    (set(++index, args), ...);
    return *this;
  }

  bool step();  // true: a row is there; false: done. Throws DatabaseError.
  void reset();

  // bind, step to the end.
  template <typename... Args>
  void run(const Args&... args) {
    bind(args...).each([](const Statement&) {});
  }

  // After bind(): all rows, or the first one if there is any, as `read` makes them of this
  // statement; or `visit` sees each.
  template <typename Read>
  auto all(const Read& read) {
    std::vector<std::invoke_result_t<Read, const Statement&>> found;
    each([&](const Statement& row) { found.push_back(read(row)); });
    return found;
  }
  template <typename Read>
  auto first(const Read& read) {
    std::optional<std::invoke_result_t<Read, const Statement&>> found;
    if (step()) found = read(*this);
    reset();
    return found;
  }
  template <typename Visit>
  void each(const Visit& visit) {
    while (step()) visit(*this);
    reset();
  }

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  std::string_view text(int column) const;  // until the next step
  std::string_view blob(int column) const;  // until the next step

 private:
  void set(int index, std::int64_t value);
  void set(int index, std::uint64_t value) { set(index, static_cast<std::int64_t>(value)); }
  void set(int index, int value) { set(index, std::int64_t{value}); }
  void set(int index, unsigned value) { set(index, std::int64_t{value}); }
  void set(int index, std::uint16_t value) { set(index, std::int64_t{value}); }
  void set(int index, bool value) { set(index, std::int64_t{value}); }
  void set(int index, std::string_view value);
  void set(int index, const std::string& value) { set(index, std::string_view(value)); }
  void set(int index, const char* value) { set(index, std::string_view(value)); }
  void set(int index, Blob value);

  sqlite3_stmt* statement_ = nullptr;
  bool stepped_ = false;  // since the last reset
};

}  // namespace bascule
