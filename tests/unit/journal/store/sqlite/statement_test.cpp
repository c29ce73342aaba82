#include "journal/store/sqlite/statement.hpp"

#include "journal/store/sqlite/database.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

struct Numbers {
  Directory directory;
  Database database{directory.database()};
  Numbers() { database.execute("CREATE TABLE number(n); INSERT INTO number VALUES(1),(2),(3)"); }
  Statement& above() { return database.prepared("SELECT n FROM number WHERE n > ?1 ORDER BY n"); }
};

std::int64_t first_column(const Statement& row) { return row.integer(0); }

}  // namespace

TEST_CASE("statement: all rows, the first, or each") {
  Numbers numbers;
  CHECK(numbers.above().bind(1).all(first_column) == std::vector<std::int64_t>{2, 3});
  CHECK(numbers.above().bind(0).first(first_column) == 1);
  CHECK_FALSE(numbers.above().bind(9).first(first_column));
  std::int64_t sum = 0;
  numbers.above().bind(0).each([&](const Statement& row) { sum += row.integer(0); });
  CHECK(sum == 6);
}

TEST_CASE("statement: nothing of one run is left for the next") {
  Numbers numbers;
  CHECK(numbers.above().bind(0).first(first_column) == 1);
  numbers.database.execute("DROP TABLE number");  // refused while somebody still reads
  CHECK_THROWS_AS(numbers.above().bind(0).first(first_column), DatabaseError);
}
