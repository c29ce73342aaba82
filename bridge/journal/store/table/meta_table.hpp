// What the journal knows of itself and its machine: tables meta and boot of FORMAT.md. Journal's
// thread. Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clock.hpp"
#include "journal/store/sqlite/database.hpp"
#include "message/direction.hpp"
#include "text/words.hpp"

namespace bascule {

// By what it was judged whether a far broker has lost what it had accepted. A persisted number.
enum class Evidence : std::uint8_t {
  none = 0,
  session_gone = 1,   // it may have lost anything
  bookmark = 2,       // it has lost what came after the one that it has
  session_there = 3,  // it has lost nothing but the bookmark
  still_online = 4,   // it may have lost what came after the bookmark that it has
};
inline constexpr Word<Evidence> evidence_words[] = {{"session-gone", Evidence::session_gone},
                                                    {"bookmark", Evidence::bookmark},
                                                    {"session-there", Evidence::session_there},
                                                    {"still-online", Evidence::still_online}};

// How often a far broker was seen to have forgotten what it should have kept.
struct Forgotten {
  std::uint64_t sessions = 0;          // this bridge's
  std::uint64_t bookmarks = 0;         // it had one, and has none or an older one
  std::int64_t last_ms = 0;            // wall time; 0: never
  Evidence evidence = Evidence::none;  // of the last time
  // Connections whose end it did not note, with something in doubt: it crashed, or the line was
  // half-open.
  std::uint64_t silent_ends = 0;
  // A session is lost, and what may have been lost with it is still to be sent again.
  bool unanswered = false;
  // The last_ms that a person has acknowledged; 0: none.
  std::int64_t acknowledged_ms = 0;

  bool acknowledged() const { return last_ms != 0 && acknowledged_ms == last_ms; }
};

// Bits of the journal's log that had changed while nobody had it open.
struct LogDamage {
  std::uint64_t bits = 0;          // put back
  std::uint64_t left = 0;          // as they are: see LogMending
  std::uint64_t lost_commits = 0;  // behind damage that could not be mended
  std::int64_t last_ms = 0;        // wall time; 0: never
};

// Our sessions at a broker that ended by their own expiry, for the bridge was away for longer.
struct Expired {
  std::uint64_t sessions = 0;
  std::int64_t last_ms = 0;  // wall time; 0: never
  // Of the last time.
  std::int64_t away_ms = 0;
  std::uint32_t expiry_s = 0;
  // The last_ms that a person has acknowledged; 0: none.
  std::int64_t acknowledged_ms = 0;

  bool acknowledged() const { return last_ms != 0 && acknowledged_ms == last_ms; }
};

// The last connection to a broker, for how long it will have been away when the next one begins. A
// moment in boot time: see Timeline::age_ms().
struct Contact {
  int boot = 0;  // its number; 0: none
  std::int64_t boottime_ms = 0;
  bool ended = false;          // then; else it began then
  std::uint32_t expiry_s = 0;  // of its session; the highest number: for ever
  std::uint32_t keep_alive_s = 0;
};

// A link or a lane by which nothing goes, since a person said so, until a person says otherwise, or
// for a time that was set. That is measured from a moment in boot time: see Timeline::age_ms().
struct Pause {
  std::string link{};  // "site" or "central"; empty: it is a lane
  Direction direction = Direction::up;
  std::string lane{};
  std::int64_t since_ms = 0;  // wall time
  std::string by{};           // who said so
  std::int64_t for_ms = 0;    // 0: until somebody says otherwise
  int boot = 0;               // since when that is counted: a boot's number, and its boot time
  std::int64_t boottime_ms = 0;
  std::int64_t left_ms = 0;  // of for_ms, when it was looked at; not stored

  bool same_place(const Pause& other) const {
    return link == other.link && lane == other.lane &&
           (lane.empty() || direction == other.direction);
  }
};

class MetaTable {
 public:
  explicit MetaTable(Database& database) : database_(database) {}

  // The bridge whose journal it is; empty: it was made just now, and founded by the next call.
  std::string bridge() { return get("bridge").value_or(""); }
  void found(const std::string& bridge, std::int64_t wall_ms);

  std::string epoch() { return get("epoch").value_or(""); }
  std::string renew_epoch();
  // The boot in which commits were made without a sync; nothing: all are on the disk.
  std::optional<std::string> unsynced() { return get("unsynced"); }
  void save_unsynced(const std::optional<std::string>& boot);
  bool central_up() { return get("central") == "up"; }  // as by the last input that told of it
  void save_central_up(bool up) { set("central", up ? "up" : "down"); }

  // Whether the broker of this client id and URL has ever spoken MQTT 5 with us; and 3.1.1, where
  // it was asked for 5.
  bool has_spoken_v5(const std::string& peer) { return get(("mqtt5 " + peer).c_str()).has_value(); }
  void save_spoken_v5(const std::string& peer) { set(("mqtt5 " + peer).c_str(), "1"); }
  bool has_spoken_v3(const std::string& peer) { return get(("mqtt3 " + peer).c_str()).has_value(); }
  void save_spoken_v3(const std::string& peer) { set(("mqtt3 " + peer).c_str(), "1"); }

  Forgotten forgotten(Direction out);
  void save_forgotten(Direction out, const Forgotten& forgotten);
  LogDamage log_damage();
  void save_log_damage(const LogDamage& damage);
  Expired expired(Direction out);
  void save_expired(Direction out, const Expired& expired);
  Contact contact(Direction in);
  void save_contact(Direction in, const Contact& contact);
  // The epoch of the last bookmark of this journal that was read back; empty: none was.
  std::string marked(Direction out);
  void save_marked(Direction out, const std::string& epoch);
  // The newest connection, by its number, of which a bookmark was read back; 0: none.
  std::uint64_t bookmarked(Direction out);
  void save_bookmarked(Direction out, std::uint64_t connection);

  // Values and bytes that are noted as retained at the source of this direction.
  std::pair<std::uint64_t, std::uint64_t> retained_size(Direction in);
  void save_retained_size(Direction in, std::uint64_t values, std::uint64_t bytes);

  std::vector<Pause> pauses();
  void save_pause(const Pause& pause);
  void end_pause(const Pause& pause);

  std::map<int, Boot> boots();
  void save_boot(int number, const Boot& boot);

 private:
  std::optional<std::string> get(const char* key);
  void set(const char* key, const std::string& value);

  Database& database_;
};

}  // namespace bascule
