#include "journal/store/table/message/resolved_table.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace bascule {
namespace {

// Sequences of a row. A row has the same size whatever its bits are, and changes in its place.
constexpr std::uint64_t per_block = 1'024;

std::uint64_t block_of(std::uint64_t sequence) { return sequence / per_block; }
std::uint64_t first_of(std::uint64_t block) { return block * per_block; }
std::uint64_t last_of(std::uint64_t block) { return first_of(block) + per_block - 1; }

// Sets the bits of what is in the block of the range.
void set_bits(std::string& bits, std::uint64_t block, const SequenceRange& range) {
  const std::uint64_t last = std::min(range.last, last_of(block));
  for (std::uint64_t at = std::max(range.first, first_of(block)); at <= last; ++at) {
    const std::uint64_t bit = at - first_of(block);
    bits[bit / 8] = static_cast<char>(bits[bit / 8] | 1 << bit % 8);
  }
}

// Adds what the bits say, of what is above the cursor.
void add_bits(SequenceSet& done, std::uint64_t first, std::string_view bits, std::uint64_t cursor) {
  const auto is_set = [&](std::uint64_t bit) { return (bits[bit / 8] >> bit % 8 & 1) != 0; };
  const std::uint64_t count = std::min<std::uint64_t>(bits.size() * 8, per_block);
  for (std::uint64_t bit = first > cursor ? 0 : cursor + 1 - first; bit < count; ++bit) {
    if (!is_set(bit)) continue;
    const std::uint64_t from = bit;
    while (bit + 1 < count && is_set(bit + 1)) ++bit;
    done.add(first + from, first + bit);
  }
}

}  // namespace

SequenceSet ResolvedTable::load(LaneId lane, std::uint64_t cursor) {
  SequenceSet done;
  database_.prepared("SELECT id, blocks, bits FROM resolved WHERE id BETWEEN ?1 AND ?2")
      .bind(LaneSequence{lane, first_of(block_of(cursor + 1))}.key(), last_key(lane))
      .each([&](const Statement& row) {
        const std::uint64_t first = LaneSequence::of_key(row.number(0)).sequence;
        const std::string_view bits = row.blob(2);
        if (!bits.empty()) {
          add_bits(done, first, bits, cursor);
        } else if (const std::uint64_t next = first + row.number(1) * per_block; next > first) {
          if (next - 1 > cursor) done.add(std::max(first, cursor + 1), next - 1);
        }
      });
  return done;
}

void ResolvedTable::save(LaneId lane, const SequenceSet& done, const SequenceSet& news) {
  for (const SequenceRange& range : news.ranges()) {
    for (std::uint64_t block = block_of(range.first); block <= block_of(range.last);) {
      block = add(lane, done, block, range);
    }
  }
}

// The row is read, not made anew from `done`: that has up to 512 ranges in a block. Blocks that are
// resolved as a whole are one row with their neighbours, however many they are.
std::uint64_t ResolvedTable::add(LaneId lane, const SequenceSet& done, std::uint64_t block,
                                 const SequenceRange& news) {
  std::string bits = database_.prepared("SELECT bits FROM resolved WHERE id=?1")
                         .bind(LaneSequence{lane, first_of(block)}.key())
                         .first([](const Statement& row) { return std::string(row.blob(0)); })
                         .value_or(std::string(per_block / 8, '\0'));
  if (bits.size() != per_block / 8) return block + 1;  // all of it
  set_bits(bits, block, news);
  if (bits.find_first_not_of('\xff') != std::string::npos) {
    insert(lane, block, 1, bits);
    return block + 1;
  }
  const auto whole = done.range_of(last_of(block));
  if (!whole) return block + 1;  // the cursor has passed it
  const std::uint64_t begin = block_of(whole->first + per_block - 1);
  const std::uint64_t end = block_of(whole->last + 1);
  erase(lane, first_of(begin), last_of(end - 1));
  insert(lane, begin, end - begin, {});
  return end;
}

void ResolvedTable::insert(LaneId lane, std::uint64_t block, std::uint64_t blocks,
                           std::string_view bits) {
  database_.prepared("INSERT OR REPLACE INTO resolved VALUES(?1, ?2, ?3)")
      .run(LaneSequence{lane, first_of(block)}.key(), blocks, Blob{bits});
}

void ResolvedTable::forget_to(LaneId lane, std::uint64_t cursor) {
  const std::uint64_t block = block_of(cursor + 1);
  if (block > 0) erase(lane, 0, last_of(block - 1));
}

void ResolvedTable::erase(LaneId lane, std::uint64_t first, std::uint64_t last) {
  database_.prepared("DELETE FROM resolved WHERE id BETWEEN ?1 AND ?2")
      .run(LaneSequence{lane, first}.key(), LaneSequence{lane, last}.key());
}

}  // namespace bascule
