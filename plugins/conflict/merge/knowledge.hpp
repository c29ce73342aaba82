// What the author of an op had seen: exact, from `base` and `prev`. Two ops are concurrent if and
// only if neither author had seen the other's.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conflict/record/history.hpp"
#include "conflict/record/record.hpp"
#include "conflict/state/state.hpp"
#include "conflict/state/waiting.hpp"

namespace bascule::conflict {

class Knowledge {
 public:
  // `record` is the one now. An `op.base` beyond its version tells nothing. All live as long as
  // this does.
  Knowledge(const Options& options, const State& state, const Waiting& waiting,
            const Record& record, const Op& op);

  // The op is taken to have seen everything that there is: a person's, who has.
  void see_everything();
  // It replaces everything that there is, since a version check let it through. What made no
  // version its author may not have seen all the same: that is still met(). Who has deleted the
  // record itself saw it deleted, though the delete may have lost.
  void let_through();
  // An insert that turned out to be this record: it has seen nothing of it, but is of its life.
  void join_life();

  bool saw(const Author& author) const;
  // The ops that were decided and that the author had not seen, without those rejected.
  const std::vector<Entry>& unseen() const { return unseen_; }
  // The same, of what is reported as a conflict.
  const std::vector<Entry>& met() const { return let_through_ ? passed_ : unseen_; }

  // What was made on top of this op, and decided before it all the same: a person has let it, or
  // one between, pass ahead of its turn. Not concurrent; it has seen this op.
  const std::vector<Entry>& later() const { return later_; }
  // Something of that has written this unit.
  bool replaced(std::string_view unit) const;

  // The author's own ops since its base are part of what it saw.
  bool chained() const { return !chain_.empty() || !below_.empty(); }
  // Somebody else's op that it had not seen has made a version.
  bool misses_a_version() const;

  // The record as the author saw it.
  bool absent() const { return absent_; }
  bool deleted() const { return deleted_; }
  // It saw the record deleted, and was told to forget it: what it writes makes the record anew.
  bool forgot() const { return op_.expects_none() && record_.forgotten >= 0; }
  std::uint64_t life() const { return life_; }
  // The op's stamp: its own, or the next one after what the author had seen.
  const Hlc& stamp() const { return stamp_; }

  // False: its base is older than what is kept of the history, so that nobody knows what it saw.
  bool known() const { return known_; }

  // A group's value, and a sum's number, as the author saw them.
  std::string group_value(std::string_view group) const;
  std::int64_t sum_value(std::string_view field) const;

 private:
  // An own op that still waits: its author sees it on top of those of the chain from `before` on.
  struct Pending {
    std::size_t before;
    Op op;
  };

  void read_history(const State& state, const Waiting& waiting);
  void look_at_chain(const State& state, const Waiting& waiting);
  std::string collect_chain(const State& state, const Waiting& waiting);
  void note_pending(const Waiting& waiting, const std::string& op);
  void look_below(const State& state, std::string op);
  void set_apart_later(const State& state);
  static std::string before(const State& state, const std::string& op,
                            std::set<std::string>& passed);
  std::size_t find_unseen(std::string_view op, std::size_t below) const;
  void add_standing();
  std::string field_value(std::string_view field) const;

  const Options& options_;
  const Record& record_;
  const Op& op_;
  std::int64_t base_;  // the op's, or the version that its author was told to forget
  std::vector<Entry> unseen_;
  std::vector<Entry> chain_;      // the author's own unconfirmed ops, latest first
  std::vector<Pending> pending_;  // latest first
  std::vector<Entry> below_;      // those before an op of the base, decided after it all the same
  std::vector<Entry> later_;
  std::vector<Entry> passed_;  // unseen, before a version check let it through
  bool let_through_ = false;
  bool known_ = true;
  bool everything_ = false;
  bool absent_ = false;
  bool deleted_ = false;
  bool base_deleted_ = false;
  std::uint64_t life_ = 0;
  Hlc stamp_;
  std::optional<Version> seen_;  // the base, if that is not the record as it is now
};

}  // namespace bascule::conflict
