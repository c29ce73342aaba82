// What is in the journal's files contradicts itself: what can be read of it has to be salvaged.
#pragma once

#include "journal/store/journal_error.hpp"

namespace bascule {

class JournalDamaged : public JournalError {
 public:
  using JournalError::JournalError;
};

}  // namespace bascule
