// Who wrote the values of a record. A value names its author by its place in a table; the place
// stays the same for as long as a value names it, so that values which nobody changes can be
// written as they were read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conflict/record/encoding.hpp"
#include "conflict/record/hlc.hpp"
#include "conflict/record/shared_text.hpp"

namespace bascule::conflict {

struct Author {
  SharedText op;
  Hlc stamp;              // the op's, lifted over what its author had seen
  std::int64_t from = 0;  // the first version whose readers have seen it
  std::int64_t u_ms = 0;
  bool blind = false;
  bool central = false;

  std::string_view origin() const {
    const std::string_view id = op;
    return id.substr(0, id.find('/'));
  }
};

class Authors {
 public:
  Authors() = default;
  // A table as it is stored, within `whole`. Its authors are read when they are first asked for.
  Authors(Reader& in, std::shared_ptr<const std::string> whole);

  std::size_t size() const { return slots_.size(); }
  // A stored value that will be written as it is, or will not after all. Throws std::out_of_range
  // if there is no such place; so does at().
  void keep(std::size_t place) { ++slots_.at(place).kept_for; }
  void let_go(std::size_t place) const { --slots_.at(place).kept_for; }
  // Gives the author a place: a free one, else the next.
  std::size_t add(Author author);
  const Author& at(std::size_t place) const;
  // `named`, by place, by other values than those that are kept; the others' places become free.
  void write(Writer& out, const std::vector<bool>& named) const;

 private:
  struct Slot {
    std::string_view stored;                       // empty: not stored
    mutable std::shared_ptr<const Author> author;  // null: not read yet, or nobody
    mutable std::size_t kept_for = 0;              // stored values
  };

  std::shared_ptr<const std::string> whole_;
  std::vector<Slot> slots_;
};

}  // namespace bascule::conflict
