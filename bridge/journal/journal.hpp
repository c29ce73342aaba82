// The journal: every crossing message is here before it is acknowledged, and stays until it has
// crossed. One thread owns it and works in groups: all that has gathered while the last commit was
// under way goes into the next one.
//
// Any thread may call; nothing blocks but the constructor, stop() and report(). Callbacks run on
// the journal's thread and must return soon: they post to where the work is done.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "journal/core.hpp"
#include "journal/journal_log.hpp"
#include "journal/loss_news.hpp"
#include "journal/steps.hpp"

namespace bascule {

// The journal cannot be read or written now, or its thread has ended. It may be well again later:
// whoever asked may ask again. The text is one line for people.
class JournalTrouble : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Journal {
 public:
  // Opens the journal; throws JournalError. The thread starts with start().
  Journal(JournalSettings settings, std::string bridge_id, std::vector<LaneSettings> lanes);
  ~Journal();  // as stop()

  // Before start(): what runs on the journal's thread beside it. Outlives stop().
  void set_steps(Steps* steps) { steps_ = steps; }

  // `on_loss` is told what was written to the loss ledger, once it is durable: see LossNews.
  // `on_news`, if given, that nothing is taken in, and that it is again. Both are called on the
  // journal's thread.
  void start(std::function<void(const Loss&, const std::string& lane, Direction)> on_loss,
             std::function<void(const JournalNews&)> on_news = {});
  void stop();  // after everything asked before it; then durable

  // Fixed while the process runs.
  LaneId lane(Direction direction, std::string_view name) const {
    return core_.lane(direction, name);
  }

  // What was found when it was opened, for people: "a new journal", "42 messages wait". Before
  // start().
  std::string found() const;

  // What this client is known to be subscribed to, and whether it has spoken MQTT 5, as it was when
  // the journal was opened. Before start(), by who made the journal.
  Store& opened() { return core_.store(); }
  // Likewise, and may be changed and committed.
  JournalCore& before_start() { return core_; }

  // `done` says whether the group is durable. Groups become durable in the order of the calls, and
  // their callbacks come in that order.
  void append(AppendGroup group, std::function<void(AppendResult)> done);

  // For who was told that a group is not kept: `done` is called, on the journal's thread, once what
  // was not kept last in this direction would be: soon after there is room, or after trouble is
  // over. One question per direction waits; a new one replaces it.
  void when_room(Direction direction, std::function<void()> done);

  // Answers with batches from `from` on as soon as there is one: a caught-up reader waits for the
  // next commit, and gets it from memory. One read per lane waits; a new one replaces it.
  struct Portion {
    BatchPtr batch;
    std::int64_t captured_wall_ms = 0;
    std::int64_t captured_boottime_ms = 0;  // in this boot's time, also if it was in another
  };
  void read(LaneId lane, std::uint64_t from, std::size_t bytes_max,
            std::function<void(std::vector<Portion>)> done);

  // Answers with messages of the topic that are held, from `from` on, each a portion of its own;
  // none, if there are none. Sees all that was told before it.
  void read_held(LaneId lane, std::string topic, std::uint64_t from,
                 std::function<void(std::vector<Portion>)> done);

  // `done`, if given, is called when it is durable; while the journal has trouble, it waits.
  void progress(Progress progress, std::function<void()> done = {});
  void enter_session(Direction in, SessionStart start);  // see core.hpp
  void cleared(Direction out);
  // Sees every progress that was told before it, and what it says of claims is durable. While the
  // journal has trouble, the answer waits; a new question about the direction replaces the old.
  struct Positions {
    std::vector<LanePosition> lanes;
    std::string epoch;
    bool forgotten = false;    // the broker has lost a session of ours, or what it had accepted
    bool unfamiliar = false;   // the session may hold packet ids of QoS 2 that nobody here claimed
    std::uint64_t losses = 0;  // as JournalCore::losses()
    std::uint64_t connection = 0;  // its number, for bookmarks; if `far` is of this connection
    bool namesake = false;         // the bookmark in `far` is of another bridge with our id
  };
  void positions(Direction direction, FarKnowledge far, std::function<void(Positions)> done);

  // Runs on the journal's thread, between commits, and waits for it. Not from a callback. Throws
  // JournalTrouble, and what `look` throws.
  void inspect(const std::function<void(JournalCore&)>& look);
  // Likewise, and what it changed is durable when this returns. `work` may throw
  // std::invalid_argument before it has changed anything; anything else is JournalTrouble.
  void change(const std::function<void(JournalCore&)>& work);
  // As change(), without waiting: `done`, if given, is called when it is durable, and never if that
  // cannot be.
  void change_later(std::function<void(JournalCore&)> work, std::function<void()> done = {});
  // Runs on the journal's thread, in the order of the calls, without waiting for it.
  void tell(std::function<void()> task) { post(std::move(task)); }
  // Likewise, and looks at the core or changes it; not at all while the journal has trouble. What
  // it throws is trouble of the journal.
  void tell(std::function<void(JournalCore&)> task);
  // What it says stands, also after a kill, but for what gathers: of that nobody has been told.
  JournalReport report();
  // Likewise, but what it says may be ahead of the disk: for who looks each second.
  JournalReport glance();

 private:
  using Task = std::function<void()>;
  struct Read {
    std::uint64_t from = 0;
    std::size_t bytes_max = 0;
    std::function<void(std::vector<Portion>)> done;
  };

  struct HeldRead {
    LaneId lane = 0;
    std::string topic;
    std::uint64_t from = 0;
    std::function<void(std::vector<Portion>)> done;
  };
  struct Ask {
    FarKnowledge far;
    std::function<void(Positions)> done;
  };

  bool post(Task task);  // false: the thread has ended
  void run();
  bool next_tasks(std::vector<Task>& tasks);
  // Throws what `work` throws; the exception is the caller's alone once the thread has answered.
  void run_and_wait(const std::function<void()>& work);
  // Whether what waits for its commit may wait for more. Not where somebody else waits for the same
  // commit, or where nothing more can come.
  bool gathering() const;
  void commit_if_due();
  void commit_all();
  JournalReport reported(bool stands);
  void keep_up();
  struct Answer {
    std::function<void(AppendResult)> done;
    AppendResult result = AppendResult::failed;
    Direction direction = Direction::up;
    std::uint64_t connection = 0;
  };
  void take(AppendGroup& group);
  void answer(AppendResult result);
  void confirm();  // only after a commit: what is waited for makes one due
  void answer_positions();
  void answer_reads();
  void answer_held_reads();
  void answer_room(std::int64_t now_ms);
  void tell_losses(const std::vector<Loss>& losses) const;
  void fail(const std::string& why);
  void recover();
  void reopen();
  void end_starving();
  bool writable() const { return trouble_.empty() && !core_.starved(); }

  const std::chrono::milliseconds gather_;
  JournalCore core_;
  Steps* steps_ = nullptr;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> tasks_;  // guarded by mutex_
  bool stopping_ = false;    // guarded by mutex_
  bool ended_ = false;       // guarded by mutex_

  std::function<void(const Loss&, const std::string& lane, Direction)> on_loss_;  // set once

  // The journal's thread only.
  JournalLog log_;
  LossNews loss_news_;
  std::vector<Answer> to_answer_;
  std::vector<std::function<void()>> to_confirm_;  // progress that somebody waits for
  PerDirection<std::uint64_t> unkept_;             // the connection of which a group was not kept
  PerDirection<RoomAsked> refused_;                // for which there was no room
  std::map<Direction, std::function<void()>> room_asks_;
  std::int64_t room_looked_ms_ = 0;
  std::map<Direction, Ask> asks_;
  std::map<LaneId, Read> reads_;
  std::vector<HeldRead> held_reads_;
  std::string trouble_;  // why nothing can be written; empty: all is well
  std::int64_t maintained_ms_ = 0;
  std::uint64_t messages_ = 0;                      // since the last commit
  bool alone_ = false;                              // of what waits, something waits alone
  std::chrono::steady_clock::time_point gathered_;  // when what waits has waited long enough
  std::chrono::steady_clock::time_point next_commit_;
};

}  // namespace bascule
