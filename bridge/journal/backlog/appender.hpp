// The way into the journal: repeats are dropped, the rest gets its place in a batch of its lane.
// Journal's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clock.hpp"
#include "journal/backlog/retention.hpp"
#include "journal/books/books.hpp"
#include "journal/books/transaction.hpp"
#include "journal/repeats/repeat_ledger.hpp"
#include "journal/repeats/repeats.hpp"
#include "journal/retained/retained.hpp"
#include "journal/store/table/message/receipt_table.hpp"

namespace bascule {

enum class AppendResult : std::uint8_t {
  stored,
  full,    // the quota or the file system is full and the rule is to pause: nothing was stored
  failed,  // the journal cannot write: nothing may be acknowledged
};

// One message of a group: `length` bytes at `offset` of the group's bytes, by encode_record.
struct Append {
  LaneId lane = 0;
  std::size_t offset = 0;
  std::size_t length = 0;
  bool duplicate = false;  // the DUP flag
  Arrival arrival = Arrival::live;
  bool retained = false;  // as it was delivered, whatever the route makes of it
  // Not 0: no message, the broker has released this packet id of an earlier one at QoS 2.
  std::uint16_t released = 0;
  // Of what is, or may be, retained on one side or both: the topic at the source, in the group's
  // bytes. Of what is only present (Arrival) there is nothing else.
  std::size_t topic_at = 0;
  std::size_t topic_length = 0;
};

// What one link delivered, in order.
struct AppendGroup {
  Direction direction = Direction::up;
  // The connection that brought it, numbered from 1; 0: none, it is the bridge's own. Once a group
  // is not kept, neither is any later one of its connection: a later acknowledgement would cover
  // it, and a later message would overtake it.
  std::uint64_t connection = 0;
  bool alone = false;  // nothing follows before it is acknowledged: waiting for more is of no use
  std::string bytes;
  std::vector<Append> entries;
  std::uint64_t received = 0;                // deliveries that this group stands for
  Tally tally;                               // those of them that are no entry
  std::vector<QuarantineEntry> quarantined;  // the refused ones
  // Looped ones, which the tally counts as repeats; and copied stamps, whose messages are entries.
  std::vector<RepeatNotice> noticed;
};

using RoomAsked = std::map<LaneId, Asked>;
RoomAsked room_asked(const AppendGroup& group);

// Messages that got a place in a journal since the program started. Any thread.
std::uint64_t messages_placed();

class Appender {
 public:
  Appender(Transaction& transaction, Books& books, Repeats& repeats, RepeatLedger& repeat_ledger,
           Retention& retention, Retained& retained, const Timeline& timeline)
      : transaction_(transaction),
        books_(books),
        repeats_(repeats),
        repeat_ledger_(repeat_ledger),
        retention_(retention),
        retained_(retained),
        timeline_(timeline) {}

  // The store was opened: nothing is being filled.
  void load();

  // May take the bytes of the group.
  AppendResult append(AppendGroup& group);
  // Whether a group of which this was asked would be kept now; gives up history for it.
  bool has_room(const RoomAsked& asked);
  // Leaves of a group from a comparison what is news: see Retained. Only what is left may be
  // appended.
  void sift(AppendGroup& group);
  // Appends what the bridge makes itself; the entries may be of lanes of both directions. Counted
  // as emitted, but for what is of the events lane. Room for all or for none.
  AppendResult emit(std::string_view bytes, std::span<const Append> entries);
  // What is noted in policies' inputs from now on.
  void note_central(bool up) { central_up_ = up; }

  // What of the lane can be read ends before this sequence: the rest is in no row yet.
  std::uint64_t readable_end(const LaneState& lane) const;
  std::int64_t appended_ms() const { return appended_ms_; }  // boot time of the last append

  // Before a commit; and after it, what it held, for those who read.
  void close_batches();
  std::vector<BatchPtr> take_committed();
  // The batch that begins with `first` was given up: nobody may read it any more.
  void forget(LaneId lane, std::uint64_t first);

 private:
  void count_repeat(Direction direction, RepeatKind kind, std::string_view source,
                    std::string_view topic);
  bool known(AppendGroup& group, const Append& entry, const Record& record);
  void see_stamp(const Record& record);
  void take(AppendGroup& group, const Append& entry, const Record& record, Room room);
  std::string_view bytes_of(const AppendGroup& group, const Append& entry) const;
  bool claim_rooms(std::span<const Append> entries, std::uint64_t beyond);
  LaneSequence put(LaneState& lane, const Record& record, std::string_view bytes, Room room,
                   std::string* whole = nullptr);
  void drop(LaneState& lane, Receipt receipt, std::uint64_t bytes);
  void place(LaneState& lane, const Record& record, std::string_view bytes, std::string* whole);
  void close_batch(LaneState& lane);
  void close_dropped(LaneState& lane);
  void supersede(LaneState& lane, std::string_view topic, std::uint64_t sequence);

  Transaction& transaction_;
  Books& books_;
  Repeats& repeats_;
  RepeatLedger& repeat_ledger_;
  Retention& retention_;
  Retained& retained_;
  const Timeline& timeline_;
  std::vector<std::shared_ptr<Batch>> open_;  // being filled, by lane id - 1; null: none
  std::vector<ReceiptTable::Row> dropped_;    // likewise; no receipts: none
  std::vector<BatchPtr> committing_;
  std::vector<Room> rooms_;             // scratch
  std::vector<std::uint64_t> claimed_;  // likewise, by lane id - 1
  bool central_up_ = false;
  std::int64_t appended_ms_ = 0;
};

}  // namespace bascule
