// The journal cannot be opened, or is closed. The text is one line for people.
#pragma once

#include <stdexcept>

namespace bascule {

class JournalError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace bascule
