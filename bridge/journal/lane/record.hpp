// How a message lies in the journal: FORMAT.md, "A record in batch.data". Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "journal/lane/lane_sequence.hpp"
#include "message/message.hpp"

namespace bascule {

// How a delivery is recognised when its broker sends it again.
struct Receipt {
  std::uint32_t digest = 0;
  std::uint16_t packet_id = 0;  // 0: QoS 0, cannot come again
  std::uint16_t session = 0;
  bool exactly_once = false;  // delivered at QoS 2: its id is held until it is released
};

// Of a delivery as it came in: topic, properties but the expiry, which counts down, and payload.
std::uint32_t digest_of(const Message& message);

// What an input of a policy is; persisted, and the numbers of the policy ABI.
enum class InputKind : std::uint8_t { message = 0, resolution = 1, wake = 2, link = 3 };

struct Record {
  std::uint64_t sequence = 0;
  Message message;  // points into the batch
  Receipt receipt;
  bool stamped = false;
  InputKind kind = InputKind::message;
  bool central_up = false;  // when it was journaled; of a policy's input
  std::uint32_t crc = 0;
  std::uint32_t size = 0;  // bytes in the batch
};

inline constexpr std::size_t record_header_bytes = 24;

// Appends a record for `message` to `out`, without session and checksum: seal_record fills them in
// when the record gets its place.
void encode_record(const Message& message, Receipt receipt, bool stamped, std::string& out,
                   InputKind kind = InputKind::message);

// Notes in a record that is not sealed yet that the line to central is up.
void note_central_up(char* record);

// Writes session and checksum of the record at `record`; returns the checksum, which is the next
// record's `chain`.
std::uint32_t seal_record(char* record, std::uint16_t session, LaneId lane, std::uint64_t sequence,
                          std::uint32_t chain);

// The bytes of a record that RecordReader gave: where it lies in its batch.
std::string_view bytes_of(const Record& record);

// Reads one record that is not sealed yet, as encode_record wrote it.
Record read_record(std::string_view bytes);

// What of a record lies before its message: its length, and its receipt with the session. Of
// `record_header_bytes`; nobody has checked them.
struct RecordHead {
  std::uint32_t size = 0;
  Receipt receipt;
};
RecordHead read_record_head(std::string_view header);

// Walks the records of a batch. next() returns nothing at the end, or at the first record whose
// length or checksum is wrong; ok() tells the two apart.
class RecordReader {
 public:
  enum class Check : std::uint8_t { checksums, lengths };
  RecordReader(LaneId lane, std::uint64_t first, std::uint32_t chain, std::string_view data,
               Check check)
      : lane_(lane), sequence_(first), chain_(chain), rest_(data), check_(check) {}
  std::optional<Record> next();
  bool ok() const { return ok_; }
  std::uint64_t next_sequence() const { return sequence_; }

 private:
  LaneId lane_;
  std::uint64_t sequence_;
  std::uint32_t chain_;
  std::string_view rest_;
  Check check_;
  bool ok_ = true;
};

}  // namespace bascule
