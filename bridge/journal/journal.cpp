#include "journal/journal.hpp"

#include <pthread.h>

#include <algorithm>
#include <future>
#include <utility>

#include "journal/answers.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t maintain_every_ms = 1'000;
constexpr std::int64_t look_for_room_every_ms = 100;
// A transaction this large is committed before more is taken in, so that nobody waits for long.
constexpr std::size_t answers_per_commit = 4'096;
constexpr std::uint64_t bytes_per_commit = 2 << 20;
// While this many come with a commit, the next is made no sooner than this after it: the sync, and
// being woken for a few, cost more than they do. Where fewer come, somebody may wait for each.
constexpr std::uint64_t messages_when_busy = 40;
constexpr auto commit_apart = 2ms;
// So many do not wait for more company (journal.gather): each pays a sixteenth, and mosquitto has
// 20 on their way at the most, unless it is told otherwise.
constexpr std::uint64_t company = 16;
constexpr std::size_t held_portion_bytes = 64 << 10;

}  // namespace

Journal::Journal(JournalSettings settings, std::string bridge_id, std::vector<LaneSettings> lanes)
    : gather_(settings.gather_ms),
      core_(std::move(settings), std::move(bridge_id), std::move(lanes)) {
  JournalLog::opened(core_);
  JournalLog::new_epoch(core_);
  if (core_.starved()) log_.starved();
}

Journal::~Journal() { stop(); }

std::string Journal::found() const { return JournalLog::found(core_); }

void Journal::start(std::function<void(const Loss&, const std::string&, Direction)> on_loss,
                    std::function<void(const JournalNews&)> on_news) {
  on_loss_ = std::move(on_loss);
  log_.on_news = std::move(on_news);
  core_.on_loss([this](const Loss& loss, const LaneState&) { loss_news_.add(loss); });
  if (steps_ != nullptr && writable()) {
    steps_->opened(core_, false);
    core_.commit();
  }
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "journal");
    run();
  });
}

void Journal::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool Journal::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return false;
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return true;  // it was woken for the first
  }
  wake_.notify_one();
  return true;
}

void Journal::append(AppendGroup group, std::function<void(AppendResult)> done) {
  post([this, group = std::make_shared<AppendGroup>(std::move(group)), done = std::move(done)] {
    // Noted before it is tried: whatever happens, it is answered.
    to_answer_.push_back({done, AppendResult::failed, group->direction, group->connection});
    if (to_answer_.size() == 1) gathered_ = std::chrono::steady_clock::now() + gather_;
    alone_ = alone_ || group->alone;
    take(*group);
  });
}

void Journal::take(AppendGroup& group) {
  std::uint64_t& unkept = unkept_[group.direction];
  messages_ += std::max<std::uint64_t>(group.entries.size(), group.received);
  const bool follows = group.connection != 0 && group.connection == unkept;
  AppendResult& result = to_answer_.back().result;
  if (trouble_.empty()) {
    result = follows || core_.starved() ? AppendResult::full : core_.append(group);
    if (result == AppendResult::full && !follows) {
      refused_[group.direction] = room_asked(group);
      if (group.connection != 0) log_.refused(group.direction, core_.why_full(), boottime_ms());
    }
  }
  if (result != AppendResult::stored && group.connection != 0) unkept = group.connection;
}

void Journal::when_room(Direction direction, std::function<void()> done) {
  post([this, direction, done = std::move(done)] { room_asks_[direction] = done; });
}

// What makes the room, a cursor or a command, says nothing to who waits; so it is looked for.
void Journal::answer_room(std::int64_t now_ms) {
  if (room_asks_.empty() || now_ms - room_looked_ms_ < look_for_room_every_ms) return;
  room_looked_ms_ = now_ms;
  for (const Direction direction : both_directions) {
    const auto asked = room_asks_.find(direction);
    if (asked == room_asks_.end() || !core_.has_room(refused_[direction])) continue;
    const auto done = std::move(asked->second);
    room_asks_.erase(asked);
    refused_[direction].clear();
    log_.room(direction, now_ms);
    done();
  }
}

void Journal::read(LaneId lane, std::uint64_t from, std::size_t bytes_max,
                   std::function<void(std::vector<Portion>)> done) {
  post([this, lane, read = Read{from, bytes_max, std::move(done)}] { reads_[lane] = read; });
}

void Journal::read_held(LaneId lane, std::string topic, std::uint64_t from,
                        std::function<void(std::vector<Portion>)> done) {
  post([this, read = HeldRead{lane, std::move(topic), from, std::move(done)}] {
    held_reads_.push_back(read);
  });
}

void Journal::progress(Progress progress, std::function<void()> done) {
  post([this, progress = std::move(progress), done = std::move(done)]() mutable {
    // Noted before it is tried: it is kept, and repeated until it succeeds.
    if (done) to_confirm_.push_back(std::move(done));
    core_.progress(std::move(progress));
  });
}

void Journal::enter_session(Direction in, SessionStart start) {
  post([this, in, start = std::move(start)] {
    core_.enter_session(in, start);
    alone_ = true;  // the broker has begun a session, whoever else waits
    JournalLog::entered(core_, in);
  });
}

void Journal::cleared(Direction out) {
  post([this, out] { core_.cleared(out); });
}

void Journal::positions(Direction direction, FarKnowledge far,
                        std::function<void(Positions)> done) {
  post([this, direction, ask = Ask{std::move(far), std::move(done)}] { asks_[direction] = ask; });
}

void Journal::run_and_wait(const std::function<void()>& work) {
  std::promise<void> done;
  std::exception_ptr thrown;
  const bool posted = post([&] {
    try {
      if (!trouble_.empty()) throw JournalTrouble("the journal has trouble: " + trouble_);
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
    done.set_value();
  });
  if (!posted) throw JournalTrouble("the journal has stopped");
  done.get_future().get();
  if (thrown) std::rethrow_exception(thrown);
}

void Journal::tell(std::function<void(JournalCore&)> task) {
  post([this, task = std::move(task)] {
    if (trouble_.empty()) task(core_);
  });
}

void Journal::inspect(const std::function<void(JournalCore&)>& look) {
  run_and_wait([&] {
    try {
      // What is being written is not readable yet.
      if (!to_answer_.empty() || core_.must_commit()) commit_if_due();
    } catch (const std::exception& e) {
      fail(e.what());
      throw JournalTrouble("the journal has trouble: " + trouble_);
    }
    look(core_);
  });
}

void Journal::change(const std::function<void(JournalCore&)>& work) {
  run_and_wait([&] {
    if (core_.starved()) throw JournalTrouble("the disk of the journal is full");
    try {
      work(core_);
      commit_all();
    } catch (const std::invalid_argument&) {
      throw;
    } catch (const std::exception& e) {
      fail(e.what());
      throw JournalTrouble("the journal has trouble: " + trouble_);
    }
  });
}

void Journal::change_later(std::function<void(JournalCore&)> work, std::function<void()> done) {
  post([this, work = std::move(work), done = std::move(done)] {
    if (!writable()) return;
    try {
      work(core_);
      commit_all();
      if (done) done();
    } catch (const std::exception& e) {
      fail(e.what());
    }
  });
}

JournalReport Journal::report() { return reported(true); }
JournalReport Journal::glance() { return reported(false); }

JournalReport Journal::reported(bool stands) {
  JournalReport report;
  std::promise<void> done;
  const bool posted = post([&] {
    try {
      // What gathers nobody has been told to be kept.
      if (stands && writable() && !gathering()) commit_all();
    } catch (const std::exception& e) {
      fail(e.what());
    }
    report = core_.report();
    if (!trouble_.empty()) report.trouble = trouble_;
    done.set_value();
  });
  if (posted) done.get_future().get();
  if (!posted) report.trouble = "the journal has stopped";
  return report;
}

bool Journal::next_tasks(std::vector<Task>& tasks) {
  tasks.clear();
  std::this_thread::sleep_until(next_commit_);
  std::unique_lock lock(mutex_);
  auto wait = room_asks_.empty() ? 500ms : 50ms;
  if (gathering()) {
    const auto left = gathered_ - std::chrono::steady_clock::now();
    wait = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(left), 1ms, wait);
  } else if (steps_ != nullptr && writable()) {
    const std::int64_t steps_ms = core_.must_commit() ? 0 : steps_->wait_ms();
    wait = std::min(wait, std::chrono::milliseconds(steps_ms));
  }
  wake_.wait_for(lock, wait, [&] { return !tasks_.empty() || stopping_; });
  tasks.swap(tasks_);
  ended_ = stopping_ && tasks.empty();
  return !ended_;
}

void Journal::run() {
  std::vector<Task> tasks;
  while (next_tasks(tasks)) {
    for (Task& task : tasks) {
      try {
        task();
        if (to_answer_.size() >= answers_per_commit ||
            core_.uncommitted_bytes() >= bytes_per_commit) {
          commit_if_due();
        }
      } catch (const std::exception& e) {
        fail(e.what());
      }
    }
    if (gathering()) continue;
    try {
      if (trouble_.empty()) {
        if (steps_ != nullptr && writable()) steps_->prepare(core_);
        commit_if_due();
      }
      answer_positions();
      answer_reads();
      answer_held_reads();
      if (trouble_.empty()) keep_up();
      if (steps_ != nullptr && writable()) steps_->work(core_);
    } catch (const std::exception& e) {
      fail(e.what());
    }
    tell_losses(loss_news_.take_due(boottime_ms()));
    log_.tick(boottime_ms());
    if (!trouble_.empty()) {
      answer(AppendResult::failed);
      recover();
    }
  }
  try {
    if (writable()) {
      if (steps_ != nullptr) steps_->closing(core_);
      commit_all();
    }
    answer(AppendResult::stored);
    if (writable()) core_.empty_log();
  } catch (const std::exception& e) {
    fail(e.what());
  }
  tell_losses(loss_news_.take_all());
}

bool Journal::gathering() const {
  return gather_ > 0ms && !to_answer_.empty() && to_confirm_.empty() && asks_.empty() &&
         writable() && !alone_ && std::max<std::uint64_t>(messages_, to_answer_.size()) < company &&
         std::chrono::steady_clock::now() < gathered_;
}

// While starved, nobody waits for a commit but who is told that there is no room.
void Journal::commit_if_due() {
  if (core_.starved()) return answer(AppendResult::stored);
  if (core_.must_commit()) {
    const auto begin = std::chrono::steady_clock::now();
    const bool busy = std::exchange(messages_, 0) >= messages_when_busy;
    core_.commit(busy ? JournalCore::Cursors::now : JournalCore::Cursors::later);
    loss_news_.committed();
    if (busy) next_commit_ = begin + commit_apart;
  }
  confirm();
  answer(AppendResult::stored);
}

void Journal::commit_all() {
  core_.commit();
  loss_news_.committed();
  confirm();
  answer(AppendResult::stored);
}

// What takes milliseconds, once what has been committed is answered for and on its way. Another
// thread has to be woken for a sync beside this one, which makes it later: that is for when there
// are steps to do meanwhile. Messages that come would wait for the next commit, and so for the
// sync.
void Journal::keep_up() {
  if (core_.must_checkpoint()) {
    const bool steps_wait = steps_ != nullptr && steps_->wait_ms() == 0;
    core_.checkpoint(steps_wait ? Database::Sync::later : Database::Sync::now);
  }
  const std::int64_t at = boottime_ms();
  if (!core_.starved()) answer_room(at);
  if (at - maintained_ms_ < maintain_every_ms) return;
  maintained_ms_ = at;
  if (core_.starved()) return end_starving();
  if (!core_.in_place()) return fail("the journal's files are gone from where they were");
  core_.maintain();
  loss_news_.committed();
  log_.journaled_twice(core_);
  log_.unnoted(core_, at);
}

void Journal::answer(AppendResult result) {
  for (const Answer& answer : to_answer_) {
    const bool stored = result == AppendResult::stored;
    if (!stored && answer.connection != 0) {
      unkept_[answer.direction] = answer.connection;
    }
    answer.done(stored ? answer.result : result);
  }
  to_answer_.clear();
  alone_ = false;
}

void Journal::confirm() {
  for (const auto& done : to_confirm_) done();
  to_confirm_.clear();
}

void Journal::answer_positions() {
  while (trouble_.empty() && !asks_.empty()) {
    const auto entry = asks_.begin();
    Positions positions = positions_of(core_, entry->first, entry->second.far);
    if (writable()) commit_if_due();  // bookmarks that follow tell of what was found
    asks_.extract(entry).mapped().done(std::move(positions));
  }
}

void Journal::tell_losses(const std::vector<Loss>& losses) const {
  for (const Loss& loss : losses) {
    const LaneState& lane = core_.lanes().at(loss.lane - 1U);
    on_loss_(loss, lane.name, lane.direction);
  }
}

void Journal::answer_reads() {
  if (!trouble_.empty()) return;
  for (auto entry = reads_.begin(); entry != reads_.end();) {
    const std::vector<BatchPtr> batches =
        core_.read(entry->first, entry->second.from, entry->second.bytes_max);
    if (batches.empty()) {
      ++entry;
      continue;
    }
    const auto done = std::move(entry->second.done);
    entry = reads_.erase(entry);
    done(portions_of(core_, batches));
  }
}

void Journal::answer_held_reads() {
  if (!trouble_.empty()) return;
  for (HeldRead& read : std::exchange(held_reads_, {})) {
    read.done(
        portions_of(core_, core_.read_held(read.lane, read.topic, read.from, held_portion_bytes)));
  }
}

void Journal::fail(const std::string& why) {
  if (trouble_.empty()) log_.trouble(why, boottime_ms());
  trouble_ = why;
  loss_news_.undone();
  answer(AppendResult::failed);
}

void Journal::reopen() {
  core_.reopen();
  trouble_.clear();
  JournalLog::opened(core_);
  if (core_.starved()) return log_.starved();
  log_.fed();
  if (steps_ != nullptr) steps_->opened(core_, true);
  confirm();
  log_.well(boottime_ms());
}

void Journal::end_starving() {
  if (core_.has_room_to_commit()) reopen();
}

void Journal::recover() {
  const std::int64_t at = boottime_ms();
  if (at - maintained_ms_ < maintain_every_ms) return;
  maintained_ms_ = at;
  try {
    reopen();
  } catch (const std::exception& e) {
    trouble_ = e.what();
    log_.trouble(trouble_, at);
  }
}

}  // namespace bascule
