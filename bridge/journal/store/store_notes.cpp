// The store's small tables: losses, quarantine, boots, tallies, sessions, and what recognises
// repeats. store.cpp has the messages and the lanes.
#include "journal/store/store.hpp"

namespace bascule {
namespace {

constexpr int quarantine_rows = 10'000;
constexpr std::size_t quarantined_payload_bytes = 64 << 10;

}  // namespace

void Store::add_loss(const Loss& loss) {
  // What a newer value replaced is scattered over the lane: one row holds it all.
  prepared(
      "UPDATE loss SET first=min(first, ?3), last=max(last, ?4), count=count+?5, bytes=bytes+?6,"
      " at_ms=?7 WHERE id=(SELECT max(id) FROM loss WHERE lane=?1) AND reason=?2"
      " AND (last=?3-1 OR reason='superseded')")
      .run(loss.lane, loss.reason, loss.first, loss.last, loss.count, loss.bytes, loss.at_ms);
  if (database_->changes() > 0) return;
  prepared(
      "INSERT INTO loss(lane, first, last, count, bytes, reason, at_ms)"
      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
      .run(loss.lane, loss.first, loss.last, loss.count, loss.bytes, loss.reason, loss.at_ms);
}

std::vector<Loss> Store::losses(int limit) {
  std::vector<Loss> losses;
  Statement& row = prepared(
      "SELECT lane, first, last, count, bytes, reason, at_ms FROM loss ORDER BY id DESC LIMIT ?1");
  row.bind(limit);
  while (row.step()) {
    const auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
    losses.push_back({static_cast<LaneId>(number(0)), number(1), number(2), number(3), number(4),
                      std::string(row.text(5)), row.integer(6)});
  }
  row.reset();
  return losses;
}

std::uint64_t Store::lost_messages() {
  return static_cast<std::uint64_t>(
      database_->integer("SELECT sum(count) FROM loss WHERE reason NOT IN ('superseded')"));
}

void Store::quarantine(const SetAside& message, std::int64_t at_ms) {
  const std::string_view payload =
      std::string_view(message.payload).substr(0, quarantined_payload_bytes);
  prepared(
      "INSERT INTO quarantine(direction, lane, sequence, at_ms, reason, topic, properties,"
      " payload, size) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
      .run(static_cast<int>(message.direction), message.lane, message.sequence, at_ms,
           message.reason, Blob{message.topic}, Blob{message.properties}, Blob{payload},
           message.size);
  prepared("DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?1")
      .run(quarantine_rows);
}

std::vector<std::pair<std::int64_t, SetAside>> Store::quarantined(int limit) {
  std::vector<std::pair<std::int64_t, SetAside>> messages;
  Statement& row = prepared(
      "SELECT at_ms, direction, lane, sequence, reason, topic, properties, payload, size"
      " FROM quarantine ORDER BY id DESC LIMIT ?1");
  row.bind(limit);
  while (row.step()) {
    SetAside message;
    message.direction = static_cast<Direction>(row.integer(1));
    message.lane = static_cast<LaneId>(row.integer(2));
    message.sequence = static_cast<std::uint64_t>(row.integer(3));
    message.reason = row.text(4);
    message.topic = row.blob(5);
    message.properties = row.blob(6);
    message.payload = row.blob(7);
    message.size = static_cast<std::uint64_t>(row.integer(8));
    messages.emplace_back(row.integer(0), std::move(message));
  }
  row.reset();
  return messages;
}

std::map<int, Boot> Store::load_boots() {
  std::map<int, Boot> boots;
  Statement& row = prepared("SELECT number, boot_id, offset_ms, synchronized FROM boot");
  row.bind();
  while (row.step()) {
    boots[static_cast<int>(row.integer(0))] = {std::string(row.text(1)), row.integer(2),
                                               row.integer(3) != 0};
  }
  return boots;
}

void Store::save_boot(int number, const Boot& boot) {
  prepared("INSERT OR REPLACE INTO boot VALUES(?1, ?2, ?3, ?4)")
      .run(number, boot.id, boot.offset_ms, boot.synchronized);
}

Tally Store::load_tally(Direction direction) {
  Statement& row =
      prepared("SELECT unrouted, repeats, refused, emitted FROM tally WHERE direction=?1");
  row.bind(static_cast<int>(direction));
  Tally tally;
  if (row.step()) {
    tally.unrouted = static_cast<std::uint64_t>(row.integer(0));
    tally.repeats = static_cast<std::uint64_t>(row.integer(1));
    tally.refused = static_cast<std::uint64_t>(row.integer(2));
    tally.emitted = static_cast<std::uint64_t>(row.integer(3));
  }
  row.reset();
  return tally;
}

void Store::save_tally(Direction direction, const Tally& tally) {
  prepared("INSERT OR REPLACE INTO tally VALUES(?1, ?2, ?3, ?4, ?5)")
      .run(static_cast<int>(direction), tally.unrouted, tally.repeats, tally.refused,
           tally.emitted);
}

SessionRow Store::load_session(Direction direction) {
  Statement& row = prepared("SELECT number, peer, held FROM session WHERE direction=?1");
  row.bind(static_cast<int>(direction));
  SessionRow session;
  if (row.step()) {
    session.number = static_cast<std::uint16_t>(row.integer(0));
    session.peer = row.text(1);
    const std::string_view held = row.blob(2);
    for (std::size_t at = 0; at + 2 <= held.size(); at += 2) {
      session.held.insert(static_cast<std::uint16_t>(
          static_cast<unsigned char>(held[at]) | static_cast<unsigned char>(held[at + 1]) << 8));
    }
  }
  row.reset();
  return session;
}

void Store::save_session(Direction direction, const SessionRow& session) {
  std::string held;
  for (const std::uint16_t id : session.held) {
    held += static_cast<char>(id);
    held += static_cast<char>(id >> 8);
  }
  prepared("INSERT OR REPLACE INTO session VALUES(?1, ?2, ?3, ?4)")
      .run(static_cast<int>(direction), session.number, session.peer, Blob{held});
}

void Store::load_seen(const std::function<void(std::string_view, std::string_view)>& each) {
  Statement& row = prepared("SELECT source, ranges FROM seen");
  row.bind();
  while (row.step()) each(row.text(0), row.blob(1));
}

void Store::save_seen(const std::string& source, const SequenceSet& ranges) {
  const std::string bytes = ranges.encode();
  prepared("INSERT OR REPLACE INTO seen VALUES(?1, ?2)").run(source, Blob{bytes});
}

std::optional<std::uint32_t> Store::retained(Direction direction, std::string_view topic) {
  Statement& row = prepared("SELECT digest FROM retained WHERE direction=?1 AND topic=?2");
  row.bind(static_cast<int>(direction), topic);
  std::optional<std::uint32_t> digest;
  if (row.step()) digest = static_cast<std::uint32_t>(row.integer(0));
  row.reset();
  return digest;
}

void Store::save_retained(Direction direction, std::string_view topic, std::uint32_t digest) {
  prepared("INSERT OR REPLACE INTO retained VALUES(?1, ?2, ?3)")
      .run(static_cast<int>(direction), topic, digest);
}

std::optional<std::uint64_t> Store::replace_latest(LaneId lane, std::string_view topic,
                                                   std::uint64_t sequence) {
  Statement& row = prepared("SELECT sequence FROM latest WHERE lane=?1 AND topic=?2");
  row.bind(lane, topic);
  std::optional<std::uint64_t> older;
  if (row.step()) older = static_cast<std::uint64_t>(row.integer(0));
  row.reset();
  prepared("INSERT OR REPLACE INTO latest VALUES(?1, ?2, ?3)").run(lane, topic, sequence);
  return older;
}

}  // namespace bascule
