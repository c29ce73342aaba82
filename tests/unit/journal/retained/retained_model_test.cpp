// What is retained on both sides under random histories, against a model of both brokers: both end
// up the same, no older value comes after a newer one, and none crosses again for nothing.
#include <deque>
#include <map>
#include <memory>
#include <set>

#include "journal/retained/retained.hpp"
#include "support/property.hpp"
#include "support/retained_rows.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr auto up = Direction::up;

// A publish, or a clear where the value is 0. Versions rise over all topics.
struct Published {
  int topic = 0, version = 0, value = 0;
};

struct Operation {
  int kind = 0;
  unsigned a = 0, b = 0;
};

std::ostream& operator<<(std::ostream& out, const Operation& op) {
  return out << '{' << op.kind << ' ' << op.a << ' ' << op.b << '}';
}

// The source's broker with the session that it keeps for the bridge, the bridge, a lane, and the
// far broker.
class World {
 public:
  void run(const Operation& op) {
    const int topic = static_cast<int>(op.a % 4);
    switch (op.kind) {
      case 0:
      case 1:
        return publish({topic, ++versions_, 1 + static_cast<int>(op.b / 2 % 3)}, op.b % 2);
      case 2:
        return publish({topic, ++versions_, 0}, op.b % 2);
      case 3:
      case 4:
        return deliver(op.b % 4);
      case 5:
        return cut();
      case 6:
        return mend(op.b % 4 == 0);
      case 7:
        return compare(op.b % 5, op.b % 3 == 0 ? op.a : 0);
      case 8:
        return forward(op.b % 4);
      case 9:
        return trouble(op);
    }
  }

  // Quiet at last: everything is well, and as many comparisons as are asked for.
  void settle() {
    if (!up_) mend(true);
    deliver(1'000);
    for (int step = 0; step < 30; ++step) {
      compare(1'000, 0);
      deliver(1'000);
    }
    forward(1'000);
    for (int topic = 0; topic < 4; ++topic) {
      if (forgotten_[topic] && !source_.contains(topic)) {
        // It was lost, not cleared: the copy stays.
        RC_ASSERT(value_at(far_, topic) == left_[topic]);
      } else {
        RC_ASSERT(value_at(source_, topic) == value_at(far_, topic));
      }
    }
  }

 private:
  enum class Kind { message, replay, settled, end };
  struct InFlight {
    Kind kind = Kind::message;
    Published published;
    bool kept = false;  // at QoS 1: it survives a cut
  };
  struct Crossing {
    Published published;
    std::uint64_t sequence = 0;
  };
  using Broker = std::map<int, Published>;

  static int value_at(const Broker& broker, int topic) {
    const auto found = broker.find(topic);
    return found == broker.end() ? 0 : found->second.value;
  }
  int last_crossed(int topic) const {
    for (auto crossing = lane_.rbegin(); crossing != lane_.rend(); ++crossing) {
      if (crossing->published.topic == topic) return crossing->published.value;
    }
    return value_at(far_, topic);
  }
  static void put(Broker& broker, const Published& one) {
    if (one.value == 0) {
      broker.erase(one.topic);
    } else {
      broker[one.topic] = one;
    }
  }

  void publish(const Published& one, bool qos_1) {
    put(source_, one);
    if (one.value == 0) cleared_[one.topic] = one.version;
    if (up_ || qos_1) session_.push_back({Kind::message, one, qos_1});
  }

  void deliver(unsigned count) {
    for (; up_ && count > 0 && !session_.empty(); --count) {
      const InFlight next = session_.front();
      session_.pop_front();
      if (next.kind == Kind::settled) {
        settled_ = true;
        suspect_ = suspect_ || (lost_ && forgot_);
        lost_ = forgot_ = false;
      } else if (next.kind == Kind::end) {
        fenced();
      } else {
        take(next.published, next.kind == Kind::replay ? Arrival::replayed : Arrival::live);
      }
    }
  }

  static RetainedValue value_of(const Published& one, const std::string& topic) {
    RetainedValue value;
    value.topic = value.target = topic;
    value.digest = static_cast<std::uint32_t>(one.topic * 10 + one.value);
    value.empty = one.value == 0;
    value.held = value.sets = true;
    return value;
  }

  void take(const Published& one, Arrival arrival) {
    const std::string topic = std::to_string(one.topic);
    const RetainedValue value = value_of(one, topic);
    if (!retained_->news(value, arrival)) return;
    // The session brings each message once; what else crosses does so only because it is needed.
    if (arrival != Arrival::live) {
      RC_ASSERT(!carried_.contains(one.version));
    }
    carried_.insert(one.version);
    forgotten_[one.topic] = false;
    lane_.push_back({one, ++sequence_});
    retained_->crosses(value, {1, sequence_});
  }

  void cut() {
    up_ = settled_ = false;
    stop();
    std::erase_if(session_, [](const InFlight& one) { return !one.kept; });
  }
  void stop() {
    if (!lost_ && !suspect_) retained_->close(up);
    stage_ = Stage::none;
    snapshot_.clear();
    changed_.clear();
    topics_.clear();
    gone_.clear();
  }

  void mend(bool session_kept) {
    if (up_) return;
    up_ = true;
    if (!session_kept || std::exchange(sessionless_, false)) {
      // What came since it forgot may be forgotten, too: a copy may stay then.
      if (suspect_ || (lost_ && forgot_)) take_for_forgotten();
      lost_ = true;
      retained_->begin(up);
      session_.clear();
      for (const auto& [topic, one] : source_) session_.push_back({Kind::replay, one, false});
    }
    session_.push_back({Kind::settled, {}, false});
  }

  // A step of a comparison. The broker leaves some topics out of its answer to all filters.
  void compare(unsigned count, unsigned left_out) {
    switch (stage_) {
      case Stage::none:
        if (!settled_) return;
        if (!suspect_) retained_->begin(up);
        marked_ = mark_;
        for (const auto& [topic, one] : source_) {
          if (!marked_ || (left_out >> topic & 1) == 0) snapshot_.push_back(one);
        }
        stage_ = Stage::answer;
        return;
      case Stage::answer:
      case Stage::portion:
        for (; count > 0 && !snapshot_.empty(); --count) {
          const Published one = snapshot_.front();
          snapshot_.pop_front();
          const std::string topic = std::to_string(one.topic);
          if (retained_->news(value_of(one, topic), Arrival::compared)) changed_.push_back(one);
        }
        if (count == 0) return;
        stage_ = stage_ == Stage::answer ? Stage::answer_fence : Stage::portion_fence;
        session_.push_back({Kind::end, {}, false});
        return;
      case Stage::answer_fence:
      case Stage::portion_fence:
        return;
      case Stage::clear:
        return clear();
    }
  }

  // The session has brought what was under way when the answer had come.
  void fenced() {
    for (const Published& one : std::exchange(changed_, {})) take(one, Arrival::compared);
    if (stage_ == Stage::portion_fence) {
      gone_ = retained_->asked(up, topics_).gone;
      stage_ = Stage::clear;
      return;
    }
    if (!marked_ && suspect_) retained_->source_forgot(up);
    suspect_ = false;
    mark_ = true;
    topics_ = retained_
                  ->missing(up, "", 0,
                            [](std::string_view topic) {
                              return Retained::Image{std::string(topic), true};
                            })
                  .topics;
    if (topics_.empty()) return stop();
    stage_ = Stage::portion;
    found_clear_ = cleared_;
    for (const std::string& topic : topics_) {
      if (const auto found = source_.find(std::stoi(topic)); found != source_.end()) {
        snapshot_.push_back(found->second);
      }
    }
  }

  // The session may bring something between finding and clearing.
  void clear() {
    for (const std::string& topic : std::exchange(gone_, {})) {
      const int number = std::stoi(topic);
      take({number, found_clear_[number], 0}, Arrival::cleared);
    }
    stop();
  }

  void forward(unsigned count) {
    for (; count > 0 && !lane_.empty(); --count) {
      const Published one = lane_.front().published;
      rows_.crossed = lane_.front().sequence;
      lane_.pop_front();
      // Nothing that is older than what was there.
      RC_ASSERT(one.version >= seen_[one.topic]);
      seen_[one.topic] = one.version;
      put(far_, one);
    }
  }

  // The source's broker loses everything.
  void forget() {
    cut();
    forgot_ = true;
    mark_ = false;
    session_.clear();
    source_.clear();
    sessionless_ = true;
    take_for_forgotten();
  }
  void take_for_forgotten() {
    for (auto& [topic, forgotten] : forgotten_) {
      if (!forgotten) left_[topic] = last_crossed(topic);
      forgotten = true;
    }
  }

  void trouble(const Operation& op) {
    switch (op.b % 5) {
      case 0:  // the session's queue overflows
        if (!up_ && !session_.empty()) session_.pop_back();
        break;
      case 1:  // the bridge is started again
        cut();
        retained_ = std::make_unique<Retained>(rows_);
        retained_->load();
        // What it suspected it would not know any more, and take what is lost for cleared.
        if (suspect_ || (lost_ && forgot_)) forget();
        suspect_ = lost_ = false;
        break;
      case 2:
        forget();
        break;
      case 3:  // the far one does, and what had crossed is beyond history
        far_.clear();
        lane_.clear();
        left_.clear();
        for (std::uint64_t place = 1; place <= sequence_; ++place) {
          rows_.lost.insert(place);
        }
        carried_.clear();
        break;
      case 4:  // a limit of the lane takes the oldest
        if (lane_.empty() || forgotten_[lane_.front().published.topic]) break;
        rows_.lost.insert(lane_.front().sequence);
        carried_.erase(lane_.front().published.version);
        lane_.pop_front();
        break;
    }
  }

  RowsInMemory rows_;
  std::unique_ptr<Retained> retained_ = std::make_unique<Retained>(rows_);
  Broker source_, far_;
  bool up_ = false, settled_ = false, forgot_ = false;
  bool mark_ = false;         // at the source's broker
  bool sessionless_ = false;  // it has none of ours
  bool lost_ = false;         // it had none
  bool suspect_ = false;      // nor bookmark
  bool marked_ = false;       // when it was asked
  std::deque<InFlight> session_;
  enum class Stage {
    none,
    answer,
    answer_fence,
    portion,
    portion_fence,
    clear
  } stage_ = Stage::none;
  std::deque<Published> snapshot_;   // of the answer, what is still to come
  std::vector<Published> changed_;   // what came of it and is news
  std::vector<std::string> topics_;  // asked for one by one
  std::vector<std::string> gone_;    // what was found to be, and is not cleared yet
  std::deque<Crossing> lane_;
  std::uint64_t sequence_ = 0;
  int versions_ = 0;
  std::map<int, int> cleared_, found_clear_;  // by topic: the version of its last clear
  std::map<int, int> seen_;                   // and the newest that the far broker has got
  std::map<int, bool> forgotten_{{0, false}, {1, false}, {2, false}, {3, false}};
  std::map<int, int> left_;  // by topic: the copy that is left of a forgotten value
  std::set<int> carried_;
};

}  // namespace

namespace rc {
template <>
struct Arbitrary<Operation> {
  static Gen<Operation> arbitrary() {
    return gen::build<Operation>(
        gen::set(
            &Operation::kind,
            gen::weightedElement<int>(
                {{3, 0}, {1, 1}, {2, 2}, {3, 3}, {3, 4}, {1, 5}, {2, 6}, {4, 7}, {3, 8}, {1, 9}})),
        gen::set(&Operation::a, gen::inRange(0U, 16U)),
        gen::set(&Operation::b, gen::inRange(0U, 60U)));
  }
};
}  // namespace rc

TEST_CASE("retained: whatever happens, both sides end up the same, without going back") {
  check_property("both sides end up the same", [] {
    World world;
    for (const auto& op : *rc::gen::arbitrary<std::vector<Operation>>()) world.run(op);
    world.settle();
  });
}
