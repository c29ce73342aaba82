#include "crossing/retained_comparison.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "clock.hpp"
#include "link/own_topic_names.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;
using State = RetainedStatus::State;

constexpr auto first_after = 1s, again_after = 2s;  // what waits goes first
// Some brokers hand out what they retain in portions, after the answer to the subscription.
constexpr auto quiet = 500ms;
constexpr auto fence_every = 3s;
constexpr auto patience = 30s;  // without anything
constexpr auto second_look = 1min;
constexpr int costs_borne = 2, lost_borne = 3;
constexpr std::size_t suspicious = 3;  // values that are gone
constexpr int unproven_borne = 3;      // the mark may need its time within a cluster
// What is news waits in memory, for as long as the session needs to bring what it has under way.
constexpr std::size_t news_bytes_max = 8 << 20;

}  // namespace

RetainedComparison::RetainedComparison(const std::string& bridge_id, const LinkSettings& settings,
                                       Direction direction, Intake& intake, Journal& journal,
                                       Loop& loop, Fence fence)
    : name_(settings.name),
      direction_(direction),
      mark_topic_(OwnTopicNames(bridge_id, settings.own_topics, settings.retain).mark()),
      intake_(intake),
      journal_(journal),
      loop_(loop),
      fence_(std::move(fence)),
      reader_(
          settings, mark_topic_, intake, loop,
          {[this](RetainedReader::Read read) { heard(std::move(read)); },
           [this](const std::string& filter) { denied_.push_back(filter); }, [this] { lost(); }}) {
  const bool off = settings.retained == AfterGap::trust || intake_.table().subscriptions().empty();
  const bool bookmark = !mark_topic_.empty();
  status_.state = off || !bookmark ? State::off : State::waiting;
  if (!off && !bookmark) status_.why = "not compared, for no bookmark is kept there";
}

void RetainedComparison::tell(State state) {
  const std::lock_guard lock(mutex_);
  if (status_.state != State::off) status_.state = state;
}

void RetainedComparison::report(State state, const std::string& why) {
  const std::lock_guard lock(mutex_);
  status_.state = state;
  if (state == State::same) status_.compared_ms = now().wall_ms;
  status_.changed += result_.changed;
  status_.cleared += result_.cleared;
  status_.kept += result_.kept;
  status_.why = why;
}

template <class Task>
void RetainedComparison::in_journal(Task task) {
  journal_.tell(std::function<void(JournalCore&)>(std::move(task)));
}

void RetainedComparison::connected(const Limits& limits) {
  const bool session_present = limits.session_present;
  reader_.speak(limits.protocol == Protocol::v5 ? Spoken::v5 : Spoken::v3_1_1);
  if (!limits.continued) due_ = true;
  if (session_present || status().state == State::off) return;
  lost_ = true;
  begin_notes();  // what came before may be forgotten, too
}

void RetainedComparison::begin_notes() {
  in_journal([direction = direction_](JournalCore& core) { core.retained().begin(direction); });
}

void RetainedComparison::settled(const FarKnowledge& far) {
  if (status().state == State::off) return;
  answers_.emplace(loop_);
  unproven_ = 0;
  looked_again_ = false;
  fit_ = far.readable;
  if (!fit_) return give_up("bookmarks cannot be read back");
  if (!std::exchange(due_, true)) return;
  if (std::exchange(lost_, false) && far.epoch.empty()) forgot_ = true;
  if (costs_ <= costs_borne) return schedule(first_after);
  const auto wait = comparison_retry(costs_ - costs_borne, ComparisonFailure::other);
  spdlog::warn(
      "link {}: it ended {} times in a row while the broker was asked what it retains; the next "
      "time in {} minutes. Does the broker let this user connect once only, or is the line too "
      "thin? 'retained: trust' turns it off",
      name_, costs_, std::chrono::ceil<std::chrono::minutes>(wait).count());
  schedule(wait);
}

void RetainedComparison::go_on(Standing standing) {
  due_ = standing.due;
  forgot_ = standing.forgot;
  shown_ = std::move(standing.shown);
  const std::lock_guard lock(mutex_);
  const auto state = status_.state;
  status_ = standing.status;
  if (state == State::off || due_ || status_.state == State::off) status_.state = state;
}

void RetainedComparison::again() {
  if (!fit_) return;  // it will be compared once the link is up
  again_ = true;
  const bool second = phase_ == Phase::due && failures_ == 0 && std::exchange(looked_again_, false);
  if (second || phase_ == Phase::idle) schedule(again_after);  // the second look is put off
}

void RetainedComparison::disconnected() {
  fit_ = false;
  if (answers_) answers_->forget();
  if (phase_ == Phase::asking) ++costs_;
  if (phase_ != Phase::idle) tell(State::waiting);
  rest();
}

void RetainedComparison::schedule(std::chrono::milliseconds delay) {
  if (held_) return;
  phase_ = Phase::due;
  timer_ = loop_.after(delay, [this] { begin(); });
}

void RetainedComparison::wait_for(const char* whom) {
  patience_ = loop_.after(patience, [this, whom] { give_up(whom); });
}

void RetainedComparison::begin() {
  tell(State::comparing);
  again_ = false;
  result_ = {};
  blemishes_ = {};
  after_.clear();
  topics_.clear();
  reader_.take_unfit();
  if (!forgot_) begin_notes();
  ask(intake_.table().subscriptions());
}

void RetainedComparison::ask(const std::vector<std::string>& filters) {
  phase_ = Phase::asking;
  fenced_ = marked_ = false;
  lost_times_ = 0;
  denied_.clear();
  wait_for("no answer");
  wait_for_fence();
  try {
    reader_.ask(filters);
  } catch (const std::exception& error) {
    give_up(error.what());
  }
}

void RetainedComparison::wait_for_fence() {
  if (fenced_) {
    timer_ = loop_.after(quiet, [this] { all_heard(); });
    return;
  }
  timer_ = loop_.after(fence_every, [this] {
    reader_.fence_again();
    wait_for_fence();
  });
}

void RetainedComparison::heard(RetainedReader::Read read) {
  if (phase_ != Phase::asking) return;
  wait_for("no end of its answer");
  learn(read);
  fenced_ = fenced_ || read.fenced;
  wait_for_fence();
  if (read.group.entries.empty()) return;
  auto sifted = answers_->to([this](const std::shared_ptr<AppendGroup>& news) { keep(*news); });
  in_journal(
      [sifted, turn = std::move(read.turn),
       news = std::make_shared<AppendGroup>(std::move(read.group))](JournalCore& core) mutable {
        core.sift(*news);
        turn.reset();
        sifted(news);
      });
}

void RetainedComparison::learn(const RetainedReader::Read& read) {
  marked_ = marked_ || read.mark;
  if (read.mark) shown_.insert(read.mark->begin(), read.mark->end());
  for (const std::string& filter : read.filters) {
    shown_more_ = shown_.insert(filter).second || shown_more_;
  }
}

// Some brokers end a connection over what it publishes.
void RetainedComparison::lost() {
  if (phase_ != Phase::asking || ++lost_times_ < lost_borne) return;
  give_up("the connection ends each time");
}

// What finds no room here is asked for in another comparison.
void RetainedComparison::keep(AppendGroup& news) {
  if (news.entries.empty()) return;
  again_ = again_ || news_bytes_ >= news_bytes_max;
  if (news_bytes_ >= news_bytes_max) return;
  news_bytes_ += news.bytes.size();
  news_.push_back(std::move(news));
}

// What the session brought meanwhile is newer than what was found; so it has to be here first.
void RetainedComparison::all_heard() {
  phase_ = Phase::waiting;
  timer_.reset();
  wait_for("the journal has trouble");
  if (!topics_.empty()) reader_.end();  // else it may get the mark
  auto sifted = answers_->to([this] {
    patience_.reset();
    fence_([this](bool heard) {
      if (heard) return cross();
      give_up("the session does not bring what was sent to it");
    });
  });
  in_journal([sifted](JournalCore&) mutable { sifted(); });
}

// Of what was found, the session may have brought some since: that is no news any more.
void RetainedComparison::cross() {
  wait_for("the journal has trouble");
  const auto news = std::make_shared<std::vector<AppendGroup>>(std::exchange(news_, {}));
  news_bytes_ = 0;
  auto sifted = answers_->to([this, news] {
    for (AppendGroup& group : *news) {
      if (group.entries.empty()) continue;
      result_.changed += group.entries.size();
      append(std::move(group));
    }
    crossed();
  });
  in_journal([news, sifted](JournalCore& core) mutable {
    for (AppendGroup& group : *news) core.sift(group);
    sifted();
  });
}

void RetainedComparison::crossed() {
  if (topics_.empty()) return mark();
  auto answer = answers_->to([this](Retained::Asked found) { asked(std::move(found)); });
  in_journal([answer, direction = direction_, topics = topics_](JournalCore& core) mutable {
    answer(core.retained().asked(direction, std::move(topics)));
  });
}

// Where our mark is not there, the broker has not been asked before, or has forgotten what it had.
// It gets another one when that is durable.
void RetainedComparison::mark() {
  // What was noted since the connection before hides what changed since; the next one does not.
  again_ = again_ || forgot_;
  const bool forgot = std::exchange(forgot_, false) && !marked_;
  if (!forgot) {
    write_mark();
    return step();
  }
  const auto count = std::make_shared<std::size_t>(0);
  auto done = answers_->to([this, count] {
    if (*count > 0) {
      result_.kept += *count;
      spdlog::warn(
          "link {}: the broker has forgotten what it had. {} retained values that have crossed "
          "stay as they are on the other side until they are published anew",
          name_, *count);
    }
    write_mark();
    step();
  });
  journal_.change_later(
      [count, direction = direction_](JournalCore& core) {
        *count = core.retained().source_forgot(direction);
      },
      std::move(done));
}

void RetainedComparison::write_mark() {
  if (!marked_ || std::exchange(shown_more_, false)) reader_.mark(shown_);
  reader_.end();
}

void RetainedComparison::step() {
  wait_for("the journal has trouble");
  auto answer = answers_->to([this](Retained::Missing found) { stepped(std::move(found)); });
  in_journal([answer, this, after = after_](JournalCore& core) mutable {
    answer(
        core.retained().missing(direction_, after, now().wall_ms,
                                [this](std::string_view topic) { return intake_.image(topic); }));
  });
}

void RetainedComparison::stepped(Retained::Missing missing) {
  if (missing.blind) return give_up("the session brings too many topics meanwhile");
  after_ = missing.after;
  more_ = missing.more;
  if (missing.released > 0) {
    result_.kept += missing.released;
    spdlog::warn(
        "link {}: {} retained values that have crossed are of no route any more; they stay as they "
        "are on the other side",
        name_, missing.released);
  }
  topics_ = std::move(missing.topics);
  if (!topics_.empty()) return ask(topics_);
  if (more_) return step();
  clear_former();
}

// Only a broker that shows what we had retained there, by its name, is believed that it has
// nothing.
void RetainedComparison::asked(Retained::Asked found) {
  if (!marked_) {
    if (++unproven_ > unproven_borne) {
      return give_up("it does not show what we retain there", ComparisonFailure::unproven);
    }
    again_ = true;
    return finish();
  }
  blemishes_.left_out += found.left_out;
  std::erase_if(found.gone, [&](const std::string& topic) {
    return std::ranges::find(denied_, topic) != denied_.end();
  });
  hold_back(found.gone);
  result_.cleared += found.gone.size();
  if (!found.gone.empty()) append(intake_.cleared(found.gone));
  if (more_) return step();
  clear_former();
}

// An ACL that knows client ids may hide from this connection what the session is brought. So where
// nothing has ever come for a route, much that is missing at once is not believed.
void RetainedComparison::hold_back(std::vector<std::string>& gone) {
  std::map<std::string, std::size_t> by_filter;
  for (const std::string& topic : gone) ++by_filter[intake_.filter_of(topic)];
  std::erase_if(gone, [&](const std::string& topic) {
    const std::string filter = intake_.filter_of(topic);
    if (shown_.contains(filter) || by_filter[filter] < suspicious) return false;
    ++blemishes_.hidden;
    blemishes_.hidden_filter = filter;
    return true;
  });
}

void RetainedComparison::clear_former() {
  wait_for("the journal has trouble");
  auto answer = answers_->to([this](const Retained::Targets& targets) {
    if (targets.empty()) return finish();
    result_.cleared += targets.size();
    append(intake_.cleared(targets), [this, targets] {
      in_journal([direction = direction_, targets](JournalCore& core) {
        core.retained().cleared_former(direction, targets);
      });
      clear_former();
    });
  });
  in_journal([answer, direction = direction_](JournalCore& core) mutable {
    answer(core.retained().former(direction));
  });
}

// What found no room is still not where it should be.
void RetainedComparison::append(AppendGroup group, std::function<void()> stored) {
  ++appends_;
  journal_.append(std::move(group),
                  answers_->to([this, stored = std::move(stored)](AppendResult result) {
                    if (result != AppendResult::stored) return give_up("the journal has no room");
                    --appends_;
                    if (stored) stored();
                    if (appends_ == 0 && ending_) finish();
                  }));
}

void RetainedComparison::finish() {
  ending_ = true;
  if (appends_ > 0) return;
  gave_up_.clear();
  failures_ = costs_ = 0;
  blemishes_.unfit = reader_.take_unfit();
  const std::string why = blemishes_.text(reader_.client_id());
  if (!why.empty()) spdlog::warn("link {}: {}", name_, why);
  if (result_.changed + result_.cleared > 0) {
    spdlog::info(
        "link {}: {} retained values had changed while nobody listened, and {} were gone; both "
        "sides get the same",
        name_, result_.changed, result_.cleared);
  }
  report(State::same, why);
  if (result_.changed + result_.cleared + result_.kept > 0 && on_result) on_result(result_);
  rest();
  if (again_) return schedule(again_after);
  // What has come to be retained meanwhile may show more of the routes to this connection.
  const auto& filters = intake_.table().subscriptions();
  const bool all_shown = std::ranges::all_of(
      filters, [&](const std::string& filter) { return shown_.contains(filter); });
  if (!all_shown && !std::exchange(looked_again_, true)) schedule(second_look);
}

void RetainedComparison::give_up(const std::string& why, ComparisonFailure failure) {
  std::string said = phase_ == Phase::asking ? reader_.last_error() : "";
  said = said.empty() ? why : why + ": " + said;
  const bool fresh = std::exchange(gave_up_, why) != why;
  if (fresh) {
    spdlog::warn(
        "link {}: what the broker retains cannot be compared with what has crossed ({}); what "
        "changed while nobody listened stays as it is on the other side. May client id {} connect, "
        "subscribe the routes and publish and subscribe {}?",
        name_, said, reader_.client_id(), mark_topic_);
  }
  report(State::failed, said);
  result_.why = said;
  if (fresh && on_result) on_result(result_);
  result_ = {};
  rest();
  if (fit_) schedule(comparison_retry(++failures_, failure));
}

void RetainedComparison::rest() {
  if (phase_ == Phase::asking || phase_ == Phase::waiting) reader_.end();
  if (!lost_ && !forgot_ && phase_ != Phase::idle) {
    in_journal([direction = direction_](JournalCore& core) { core.retained().close(direction); });
  }
  if (answers_) answers_->forget();
  phase_ = Phase::idle;
  timer_.reset();
  patience_.reset();
  news_.clear();
  news_bytes_ = 0;
  appends_ = 0;
  ending_ = false;
}

}  // namespace bascule
