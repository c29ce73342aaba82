// Compares what a broker retains with what has crossed, after each gap in which a change can have
// been missed: RETAINED.md.
//
// Lives on the loop of the crossing's link, but for stop() and status().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crossing/comparison_blemishes.hpp"
#include "crossing/comparison_retry.hpp"
#include "crossing/intake.hpp"
#include "crossing/retained_reader.hpp"
#include "journal/journal.hpp"
#include "link/link.hpp"
#include "text/words.hpp"

namespace bascule {

// A snapshot for people.
struct RetainedStatus {
  // off: nothing is compared here. waiting: for the link, or its turn. failed: the broker could not
  // be asked, and `why`; it is tried again.
  enum class State : std::uint8_t { off, waiting, comparing, same, failed } state = State::off;
  std::int64_t compared_ms = 0;  // when the last comparison ended well, ms since 1970 UTC; 0: never
  // Since the start: what crossed because it had changed; what was cleared because it was gone;
  // what stays as it is on the other side, since the broker forgot it or no route takes it.
  std::uint64_t changed = 0, cleared = 0, kept = 0;
  std::string why;  // what is not as it should be; empty: nothing
};

inline constexpr Word<RetainedStatus::State> retained_state_words[] = {
    {"off", RetainedStatus::State::off},
    {"waiting", RetainedStatus::State::waiting},
    {"comparing", RetainedStatus::State::comparing},
    {"same", RetainedStatus::State::same},
    {"failed", RetainedStatus::State::failed}};

class RetainedComparison {
 public:
  // Answers once the session has brought what its broker had under way; with false if that cannot
  // be known.
  using Fence = std::function<void(std::function<void(bool heard)>)>;
  // `settings` are those of the crossing's link.
  RetainedComparison(const std::string& bridge_id, const LinkSettings& settings,
                     Direction direction, Intake& intake, Journal& journal, Loop& loop,
                     Fence fence);

  // What a comparison came to, if that is worth telling: it found something, or failed.
  struct Result {
    std::uint64_t changed = 0, cleared = 0, kept = 0;
    std::string why;  // it failed; empty: it did not
  };
  std::function<void(const Result&)> on_result;

  // A connection of the link begins: before anything comes of it.
  void connected(const Limits& limits);
  // The link is up, and the session has brought what it had waiting. `far` is what this broker
  // knows of us: without a readable bookmark it cannot be known when the session has brought what
  // came since, and nothing is compared.
  void settled(const FarKnowledge& far);
  // Something that had crossed, or waited to, is lost: what this broker retains of it goes again.
  void again();
  void disconnected();

  // What another one has to know to go on in the place of this one, on the same connection. On the
  // loop.
  struct Standing {
    bool due = true;  // something is to be compared
    bool forgot = false;
    std::set<std::string> shown{};
    RetainedStatus status{};
  };
  Standing standing() const {
    return {phase_ != Phase::idle || again_ || lost_, forgot_, shown_, status()};
  }
  // Before a connection that is continued; on any other all is due.
  void go_on(Standing standing);

  // Asks nothing more.
  void hold() {
    held_ = true;
    disconnected();
  }
  // After hold(), on the main thread; blocks.
  void stop() { reader_.stop(); }

  RetainedStatus status() const {  // any thread
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  // What goes on: a comparison is due; the broker is asked; what the session has under way is
  // waited for, or the journal.
  enum class Phase : std::uint8_t { idle, due, asking, waiting };

  void schedule(std::chrono::milliseconds delay);
  void wait_for(const char* whom);
  void begin_notes();
  void begin();
  void ask(const std::vector<std::string>& filters);
  void wait_for_fence();
  void heard(RetainedReader::Read read);
  void learn(const RetainedReader::Read& read);
  void lost();
  void keep(AppendGroup& news);
  void all_heard();
  void cross();
  void crossed();
  void mark();
  void write_mark();
  void hold_back(std::vector<std::string>& gone);
  void step();
  void stepped(Retained::Missing missing);
  void asked(Retained::Asked asked);
  void clear_former();
  void finish();
  void append(AppendGroup group, std::function<void()> stored = {});
  void give_up(const std::string& why, ComparisonFailure failure = ComparisonFailure::other);
  void rest();
  void tell(RetainedStatus::State state);
  void report(RetainedStatus::State state, const std::string& why);
  template <class Task>
  void in_journal(Task task);

  std::string name_;
  Direction direction_;
  std::string mark_topic_;
  Intake& intake_;
  Journal& journal_;
  Loop& loop_;
  Fence fence_;
  RetainedReader reader_;
  std::optional<Loop::Answers> answers_;
  Phase phase_ = Phase::idle;
  bool fit_ = false;  // the session's link is up, and has a fence
  bool held_ = false;
  // On a connection since settled() no session was there; and on one since the last comparison
  // neither session nor bookmark: if the mark is not there either, the broker has forgotten what it
  // had, but for what has come since.
  bool lost_ = false, forgot_ = false;
  bool due_ = true;      // once it has settled
  bool again_ = false;   // asked for meanwhile, or something was left undone
  int failures_ = 0;     // in a row
  int costs_ = 0;        // in a row: the session's link ended while the broker was asked
  int unproven_ = 0;     // likewise, of this connection: the mark did not come back
  std::string gave_up_;  // why, the last time

  // Filters of routes that this connection has been brought something for, at some time: the mark
  // has them.
  std::set<std::string> shown_;
  bool shown_more_ = false;    // than the mark says
  bool looked_again_ = false;  // of this connection

  // Of the comparison under way.
  std::string after_;  // the portions up to this topic are done
  bool more_ = false;  // there are others
  Result result_;
  ComparisonBlemishes blemishes_;
  int appends_ = 0;      // not answered yet
  bool ending_ = false;  // finish() waits for them
  // Of the question.
  std::vector<std::string> topics_;  // a portion of topics; empty: all that the routes want
  std::vector<std::string> denied_;  // filters that are not granted
  int lost_times_ = 0;               // its connection was
  bool fenced_ = false;              // all has come, but for stragglers
  bool marked_ = false;              // what we had retained there has come
  std::vector<AppendGroup> news_;
  std::size_t news_bytes_ = 0;

  mutable std::mutex mutex_;
  RetainedStatus status_;  // guarded by mutex_
  Loop::Timer timer_, patience_;
};

}  // namespace bascule
