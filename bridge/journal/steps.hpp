// What takes from lanes and puts into lanes on the journal's own thread: the policies' host. The
// journal gives it a turn around each commit, so that the results of a group of steps and the next
// group's beginning are one commit.
#pragma once

#include <cstdint>

#include "journal/core.hpp"

namespace bascule {

class Steps {
 public:
  virtual ~Steps() = default;

  // The journal is open: at the start of its thread, or again after trouble; then what was not
  // committed is gone. May throw DatabaseError, as all of these: the journal is opened again then.
  virtual void opened(JournalCore& core, bool again) = 0;
  // A commit is next. What has to be durable before a step begins is written now.
  virtual void prepare(JournalCore& core) = 0;
  // Nothing uncommitted: runs steps, for a few ms at the most.
  virtual void work(JournalCore& core) = 0;
  // The last commit is next, and no step will follow.
  virtual void closing(JournalCore& core) = 0;
  // In how many ms work() has something to do though nothing happens until then; 0: now.
  virtual std::int64_t wait_ms() const = 0;
};

}  // namespace bascule
