#include "journal/store/segment/segments.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "clock.hpp"

namespace bascule {
namespace {

// A write that the power cuts off may take the rest of its sector with it: what is appended after a
// sync shares none with what was synced.
constexpr std::uint64_t sector_bytes = 4096;
// Each time the file system writes for it, too.
constexpr std::uint64_t given_back_at_once = 64 << 10;
constexpr std::size_t open_max = 256;
constexpr std::uint64_t copied_bytes = 1 << 20;  // at once
constexpr std::size_t digits = 16;

std::string name_of(std::uint64_t segment) {
  std::string name(digits, '0');
  for (std::size_t i = digits; segment != 0; segment >>= 4)
    name[--i] = "0123456789abcdef"[segment & 15];
  return name;
}

std::optional<std::uint64_t> segment_of(std::string_view name) {
  std::uint64_t segment = 0;
  const char* const end = name.data() + name.size();
  const auto [read, error] = std::from_chars(name.data(), end, segment, 16);
  if (name.size() != digits || read != end || error != std::errc()) return std::nullopt;
  return segment;
}

}  // namespace

std::string Segments::path_of(std::uint64_t segment) const {
  return path_ + '-' + name_of(segment);
}

void Segments::load(bool keep_all) {
  const auto known =
      database_.prepared("SELECT id FROM segment").bind().all([](const Statement& row) {
        return row.number(0);
      });
  std::set<std::uint64_t> needed(known.begin(), known.end());
  for (const std::uint64_t id : files()) {
    if (needed.contains(id)) continue;
    // What is in the table may have changed on the medium.
    if (has_row(id)) {
      needed.insert(id);
    } else {
      leave(id, keep_all);
    }
  }
  std::uint64_t next = 0;  // the file after it
  for (auto id = needed.rbegin(); id != needed.rend(); ++id) {
    const LaneId lane = LaneSequence::of_key(*id).lane;
    Segment segment;
    segment.file = SegmentFile::open(path_of(*id));
    if (segment.file != nullptr) segment.bytes = segment.file->bytes();
    const bool newest = next == 0 || LaneSequence::of_key(next).lane != lane;
    // With `sync: normal` the one before may have been killed ahead of that.
    if (newest && segment.file != nullptr) segment.file->sync();
    if (segments_.size() >= open_max) segment.file = nullptr;
    segment.last = newest ? newest_row(lane) : next - 1;
    find_first(*id, segment);
    bytes_ += segment.bytes - segment.erased;
    // Most of it was given back when it was erased; the rest is, with the next.
    segment.given_back = to_give_back(segment);
    if (segment.given_back > 0) shortened_.insert(*id);
    segments_.emplace(*id, std::move(segment));
    next = *id;
  }
}

std::uint64_t Segments::newest_row(LaneId lane) {
  return database_.prepared("SELECT max(id) FROM batch WHERE id BETWEEN ?1 AND ?2")
      .bind(first_key(lane), last_key(lane))
      .first([](const Statement& row) { return row.number(0); })
      .value_or(0);
}

bool Segments::has_row(std::uint64_t id) {
  return database_.prepared("SELECT 1 FROM batch WHERE id BETWEEN ?1 AND ?2 AND segment=?1 LIMIT 1")
      .bind(id, last_key(LaneSequence::of_key(id).lane))
      .first([](const Statement&) { return true; })
      .has_value();
}

std::set<std::uint64_t> Segments::files() const {
  const std::filesystem::path database(path_);
  const std::string prefix = database.filename().string() + '-';
  std::set<std::uint64_t> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(database.parent_path(), error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    if (const auto segment = segment_of(std::string_view(name).substr(prefix.size()))) {
      found.insert(*segment);
    }
  }
  return found;
}

// What a crash has left of a transaction that was not committed, or of one that was, before the
// files went.
void Segments::leave(std::uint64_t id, bool keep) {
  std::error_code error;
  if (keep) {
    const std::string aside = path_of(id) + ".damaged-" + std::to_string(now().wall_ms);
    std::filesystem::rename(path_of(id), aside, error);
    if (!error) return;
    throw DatabaseError(0, path_of(id) + " cannot be set aside: " + error.message());
  }
  const auto bytes = std::filesystem::file_size(path_of(id), error);
  unneeded_[id].bytes = error ? 0 : bytes;
  spare_bytes_ += unneeded_[id].bytes;
}

std::uint64_t Segments::to_give_back(const Segment& segment) const {
  if (!takes_parts_) return 0;
  const std::uint64_t whole = segment.erased / given_back_at_once * given_back_at_once;
  return whole - std::min(whole, segment.given_back);
}

Segments::Found Segments::writable(std::uint64_t row) {
  const LaneId lane = LaneSequence::of_key(row).lane;
  const auto writing = writing_.find(lane);
  if (writing != writing_.end()) {
    const Found found = segments_.find(writing->second);
    if (found != segments_.end() && found->second.bytes < file_bytes_) return found;
  }
  if (const auto leftover = unneeded_.find(row); leftover != unneeded_.end()) {
    spare_bytes_ -= leftover->second.bytes;
    unneeded_.erase(leftover);
  }
  Segment made;
  made.file = SegmentFile::make(path_of(row));
  database_.prepared("INSERT OR IGNORE INTO segment VALUES(?1)").run(row);
  writing_[lane] = row;
  return segments_.insert_or_assign(row, std::move(made)).first;
}

Segments::Place Segments::append(std::uint64_t row, std::string_view data) {
  const Found found = writable(row);
  Segment& segment = found->second;
  const std::uint64_t skipped = segment.dirty ? 0 : -segment.bytes % sector_bytes;
  const std::uint64_t at = segment.bytes + skipped;
  segment.dirty = true;
  segment.file->write(data, at);
  segment.bytes = at + data.size();
  segment.last = row;
  bytes_ += skipped + data.size();
  return {found->first, at};
}

std::uint64_t Segments::there(Place place, std::uint64_t bytes) const {
  const auto found = segments_.find(place.segment);
  if (found == segments_.end() || found->second.bytes <= place.at) return 0;
  return std::min(bytes, found->second.bytes - place.at);
}

void Segments::read(Place place, char* out, std::size_t count) const {
  if (count == 0) return;
  const auto found = segments_.find(place.segment);
  if (found != segments_.end() && found->second.file != nullptr) {
    return found->second.file->read(out, count, place.at);
  }
  const auto file = SegmentFile::open(path_of(place.segment));
  if (file == nullptr) throw DatabaseError(0, path_of(place.segment) + " was removed");
  file->read(out, count, place.at);
}

// Looks for the first row that needs the file. Rows and files of a lane are in the same order, so
// what is before its data is erased. A row between those of a file keeps it, too, wherever its own
// data is: that takes one look, and not one at each row. The medium may have changed the place of
// the first: one that is not before that of the next row in the file is not believed, as what is
// erased does not come back.
bool Segments::find_first(std::uint64_t id, Segment& segment) {
  Statement& rows =
      database_
          .prepared(
              "SELECT segment, place FROM batch WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 8")
          .bind(id, segment.last);
  const bool needed = rows.step();
  if (needed && rows.number(0) == id) {
    const std::uint64_t first = rows.number(1);
    std::uint64_t limit = segment.bytes;
    while (rows.step()) {
      if (rows.number(0) != id) continue;
      limit = std::min(limit, rows.number(1));
      break;
    }
    if (first <= limit) segment.erased = first;
  }
  rows.reset();
  return needed;
}

void Segments::erased(std::uint64_t first, std::uint64_t last) {
  const LaneId lane = LaneSequence::of_key(first).lane;
  auto at = segments_.upper_bound(first);
  if (at != segments_.begin()) --at;
  while (at != segments_.end() && at->first <= last) {
    const Found segment = at++;
    if (LaneSequence::of_key(segment->first).lane != lane) continue;
    bytes_ += segment->second.erased;
    spare_bytes_ -= to_give_back(segment->second);
    const bool needed = find_first(segment->first, segment->second);
    bytes_ -= segment->second.erased;
    spare_bytes_ += to_give_back(segment->second);
    if (needed) {
      shortened_.insert(segment->first);
    } else {
      give_up(segment);
    }
  }
}

void Segments::give_up(Found segment) {
  database_.prepared("DELETE FROM segment WHERE id=?1").run(segment->first);
  bytes_ -= segment->second.bytes - segment->second.erased;
  spare_bytes_ -= to_give_back(segment->second);
  spare_bytes_ += segment->second.bytes - segment->second.given_back;
  shortened_.erase(segment->first);
  unneeded_.insert(segments_.extract(segment));
}

// What a lane wrote since the last sync may be in several files, of which `writing` is the newest.
void Segments::sync() {
  for (const auto& [lane, writing] : writing_) {
    for (auto at = segments_.upper_bound(writing); at != segments_.begin();) {
      --at;
      if (!at->second.dirty) break;
      at->second.file->sync();
      at->second.dirty = false;
    }
  }
}

// One that cannot be removed is found again at the next opening.
void Segments::give_back() {
  for (auto at = unneeded_.begin(); at != unneeded_.end(); at = unneeded_.erase(at)) {
    try {
      SegmentFile::remove(path_of(at->first), std::next(at) == unneeded_.end());
    } catch (const DatabaseError&) {
    }
  }
  spare_bytes_ = 0;
  for (const std::uint64_t id : std::exchange(shortened_, {})) {
    const auto found = segments_.find(id);
    if (found == segments_.end()) continue;
    Segment& segment = found->second;
    segment.given_back += to_give_back(segment);
    if (segment.given_back == 0) continue;
    std::unique_ptr<SegmentFile> other;
    if (segment.file == nullptr) other = SegmentFile::open(path_of(id));
    const SegmentFile* const file = segment.file ? segment.file.get() : other.get();
    if (file != nullptr && !file->give_back(segment.given_back)) takes_parts_ = false;
  }
}

bool Segments::in_place() const try {
  return std::ranges::all_of(writing_, [&](const auto& writing) {
    const auto found = segments_.find(writing.second);
    return found == segments_.end() || found->second.bytes == 0 ||
           SegmentFile::exists(path_of(found->first));
  });
} catch (const DatabaseError&) {
  return false;
}

void Segments::put_back() {
  std::string piece;
  for (const auto* files : {&segments_, &unneeded_}) {
    for (const auto& [id, segment] : *files) {
      if (segment.file == nullptr || SegmentFile::exists(path_of(id))) continue;
      try {
        const auto copy = SegmentFile::make(path_of(id));
        for (std::uint64_t at = segment.given_back; at < segment.bytes; at += piece.size()) {
          piece.resize(std::min<std::uint64_t>(copied_bytes, segment.bytes - at));
          segment.file->read(piece.data(), piece.size(), at);
          copy->write(piece, at);
        }
        copy->sync();
      } catch (const DatabaseError&) {
        // A part of it would be taken for all of it the next time.
        std::error_code error;
        std::filesystem::remove(path_of(id), error);
        throw;
      }
    }
  }
}

}  // namespace bascule
