#include "journal/store/table/message/receipt_table.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace bascule {
namespace {

constexpr std::size_t receipt_bytes = 9;

void put(std::string& out, std::uint32_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xFFU);
}

std::uint32_t get(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    number |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return number;
}

std::string encoded(const std::vector<Receipt>& receipts) {
  std::string bytes;
  for (const Receipt& receipt : receipts) {
    if (receipt.packet_id == 0) continue;
    put(bytes, receipt.digest, 4);
    put(bytes, receipt.packet_id, 2);
    put(bytes, receipt.session, 2);
    put(bytes, receipt.exactly_once ? 1 : 0, 1);
  }
  return bytes;
}

std::vector<Receipt> decoded(std::string_view bytes) {
  std::vector<Receipt> receipts;
  for (std::size_t at = 0; at + receipt_bytes <= bytes.size(); at += receipt_bytes) {
    receipts.push_back({get(bytes, at, 4), static_cast<std::uint16_t>(get(bytes, at + 4, 2)),
                        static_cast<std::uint16_t>(get(bytes, at + 6, 2)),
                        get(bytes, at + 8, 1) != 0});
  }
  return receipts;
}

}  // namespace

void ReceiptTable::keep(LaneId lane, const Row& row) {
  const std::string bytes = encoded(row.receipts);
  if (bytes.empty()) return;
  database_.prepared("INSERT OR REPLACE INTO receipt VALUES(?1, ?2, ?3, ?4)")
      .run(LaneSequence{lane, row.first}.key(), row.boot, row.captured_ms, Blob{bytes});
}

std::vector<ReceiptTable::Row> ReceiptTable::rows_before(LaneId lane, std::uint64_t before,
                                                         int limit) {
  return database_
      .prepared(
          "SELECT id, boot, captured_ms, data FROM receipt WHERE id >= ?1 AND id < ?2"
          " ORDER BY id DESC LIMIT ?3")
      .bind(LaneSequence{lane, 0}.key(), LaneSequence{lane, before}.key(), limit)
      .all([](const Statement& row) {
        return Row{LaneSequence::of_key(row.number(0)).sequence, static_cast<int>(row.integer(1)),
                   row.integer(2), decoded(row.blob(3))};
      });
}

void ReceiptTable::forget(LaneId lane, std::uint64_t first) {
  database_.prepared("DELETE FROM receipt WHERE id >= ?1 AND id < ?2")
      .run(LaneSequence{lane, 0}.key(), LaneSequence{lane, first}.key());
}

}  // namespace bascule
