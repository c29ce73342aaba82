#include "journal/store/table/meta_table.hpp"

#include <array>
#include <cstdio>
#include <random>
#include <sstream>
#include <utility>

#include "text/words.hpp"

namespace bascule {
namespace {

std::string draw_epoch() {
  std::random_device random;
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%08x%08x", random(), random());
  return text.data();
}

std::string key_of(const Pause& pause) {
  if (!pause.link.empty()) return "paused link " + pause.link;
  return "paused " + std::string(to_string(pause.direction)) + " " + pause.lane;
}

std::string key_of(const char* what, Direction direction) {
  return std::string(what) + (direction == Direction::up ? "_up" : "_down");
}

// With a blank between them.
template <typename... Numbers>
std::string text_of(const Numbers&... numbers) {
  std::string text;
  ((text += (text.empty() ? "" : " ") + std::to_string(+numbers)), ...);
  return text;
}

// As key_of() and save_pause() have written it; nothing: something else has.
std::optional<Pause> pause_of(const std::string& key, const std::string& value) {
  const std::size_t blank = key.find(' ', key.find(' ') + 1);
  if (blank == std::string::npos) return std::nullopt;
  const std::string kind = key.substr(key.find(' ') + 1, blank - key.find(' ') - 1);
  Pause pause;
  if (kind == "link") {
    pause.link = key.substr(blank + 1);
  } else if (const auto direction = value_of(direction_words, kind)) {
    pause.direction = *direction;
    pause.lane = key.substr(blank + 1);
  } else {
    return std::nullopt;
  }
  std::istringstream text(value);
  text >> pause.since_ms;
  text.get();
  std::getline(text, pause.by);
  return pause;
}

// Beside it, where a time was set. A program that does not know of that leaves it paused.
std::string time_key_of(const Pause& pause) { return "time of " + key_of(pause); }

void read_time(const std::optional<std::string>& value, Pause& pause) {
  if (!value) return;
  std::istringstream text(*value);
  text >> pause.for_ms >> pause.boot >> pause.boottime_ms;
}

}  // namespace

std::optional<std::string> MetaTable::get(const char* key) {
  return database_.prepared("SELECT value FROM meta WHERE key=?1")
      .bind(key)
      .first([](const Statement& row) { return std::string(row.text(0)); });
}

void MetaTable::set(const char* key, const std::string& value) {
  database_.prepared("INSERT OR REPLACE INTO meta VALUES(?1, ?2)").run(key, value);
}

void MetaTable::found(const std::string& bridge, std::int64_t wall_ms) {
  set("bridge", bridge);
  set("created_ms", std::to_string(wall_ms));
  renew_epoch();
}

std::string MetaTable::renew_epoch() {
  const std::string epoch = draw_epoch();
  set("epoch", epoch);
  return epoch;
}

void MetaTable::save_unsynced(const std::optional<std::string>& boot) {
  if (boot) {
    set("unsynced", *boot);
  } else {
    database_.prepared("DELETE FROM meta WHERE key='unsynced'").run();
  }
}

Forgotten MetaTable::forgotten(Direction out) {
  Forgotten forgotten;
  std::istringstream text(get(key_of("forgotten", out).c_str()).value_or(""));
  text >> forgotten.sessions >> forgotten.bookmarks >> forgotten.last_ms;
  if (!text) return {};
  int evidence = 0;
  // What is not there was not known yet when it was written.
  text >> evidence >> forgotten.unanswered;
  if (text) forgotten.evidence = static_cast<Evidence>(evidence);
  text >> forgotten.silent_ends >> forgotten.acknowledged_ms;
  return forgotten;
}

void MetaTable::save_forgotten(Direction out, const Forgotten& forgotten) {
  set(key_of("forgotten", out).c_str(),
      text_of(forgotten.sessions, forgotten.bookmarks, forgotten.last_ms,
              static_cast<int>(forgotten.evidence), forgotten.unanswered, forgotten.silent_ends,
              forgotten.acknowledged_ms));
}

LogDamage MetaTable::log_damage() {
  LogDamage damage;
  std::istringstream text(get("log_damage").value_or(""));
  text >> damage.bits >> damage.left >> damage.lost_commits >> damage.last_ms;
  return text ? damage : LogDamage{};
}

void MetaTable::save_log_damage(const LogDamage& damage) {
  set("log_damage", text_of(damage.bits, damage.left, damage.lost_commits, damage.last_ms));
}

Expired MetaTable::expired(Direction out) {
  Expired expired;
  std::istringstream text(get(key_of("expired", out).c_str()).value_or(""));
  text >> expired.sessions >> expired.last_ms >> expired.away_ms >> expired.expiry_s >>
      expired.acknowledged_ms;
  return text ? expired : Expired{};
}

void MetaTable::save_expired(Direction out, const Expired& expired) {
  set(key_of("expired", out).c_str(), text_of(expired.sessions, expired.last_ms, expired.away_ms,
                                              expired.expiry_s, expired.acknowledged_ms));
}

Contact MetaTable::contact(Direction in) {
  Contact contact;
  std::istringstream text(get(key_of("contact", in).c_str()).value_or(""));
  text >> contact.boot >> contact.boottime_ms >> contact.ended >> contact.expiry_s >>
      contact.keep_alive_s;
  return text ? contact : Contact{};
}

void MetaTable::save_contact(Direction in, const Contact& contact) {
  set(key_of("contact", in).c_str(), text_of(contact.boot, contact.boottime_ms, contact.ended,
                                             contact.expiry_s, contact.keep_alive_s));
}

std::string MetaTable::marked(Direction out) {
  return get(key_of("marked", out).c_str()).value_or("");
}

void MetaTable::save_marked(Direction out, const std::string& epoch) {
  set(key_of("marked", out).c_str(), epoch);
}

std::uint64_t MetaTable::bookmarked(Direction out) {
  std::uint64_t connection = 0;
  std::istringstream(get(key_of("bookmarked", out).c_str()).value_or("")) >> connection;
  return connection;
}

void MetaTable::save_bookmarked(Direction out, std::uint64_t connection) {
  set(key_of("bookmarked", out).c_str(), std::to_string(connection));
}

std::pair<std::uint64_t, std::uint64_t> MetaTable::retained_size(Direction in) {
  const std::string key = key_of("retained", in);
  std::pair<std::uint64_t, std::uint64_t> size;
  if (const auto text = get(key.c_str())) {
    std::istringstream(*text) >> size.first >> size.second;
    return size;
  }
  // Written by an earlier build: counted this once.
  return database_
      .prepared(
          "SELECT count(*), coalesce(sum(64 + length(topic) + length(target)), 0) FROM retained"
          " WHERE direction=?1")
      .bind(static_cast<int>(in))
      .first([](const Statement& row) {
        return std::pair{row.number(0), row.number(1)};
      })
      .value_or(size);
}

void MetaTable::save_retained_size(Direction in, std::uint64_t values, std::uint64_t bytes) {
  set(key_of("retained", in).c_str(), text_of(values, bytes));
}

std::vector<Pause> MetaTable::pauses() {
  std::vector<Pause> pauses;
  database_.prepared("SELECT key, value FROM meta WHERE key>='paused ' AND key<'paused!'")
      .bind()
      .each([&](const Statement& row) {
        if (auto pause = pause_of(std::string(row.text(0)), std::string(row.text(1)))) {
          pauses.push_back(*std::move(pause));
        }
      });
  for (Pause& pause : pauses) read_time(get(time_key_of(pause).c_str()), pause);
  return pauses;
}

void MetaTable::save_pause(const Pause& pause) {
  set(key_of(pause).c_str(), std::to_string(pause.since_ms) + " " + pause.by);
  if (pause.for_ms == 0) return;
  set(time_key_of(pause).c_str(), std::to_string(pause.for_ms) + " " + std::to_string(pause.boot) +
                                      " " + std::to_string(pause.boottime_ms));
}

void MetaTable::end_pause(const Pause& pause) {
  for (const std::string& key : {key_of(pause), time_key_of(pause)}) {
    database_.prepared("DELETE FROM meta WHERE key=?1").run(key);
  }
}

std::map<int, Boot> MetaTable::boots() {
  std::map<int, Boot> boots;
  database_.prepared("SELECT number, boot_id, offset_ms, synchronized FROM boot")
      .bind()
      .each([&](const Statement& row) {
        boots[static_cast<int>(row.integer(0))] = {std::string(row.text(1)), row.integer(2),
                                                   row.integer(3) != 0};
      });
  return boots;
}

void MetaTable::save_boot(int number, const Boot& boot) {
  database_.prepared("INSERT OR REPLACE INTO boot VALUES(?1, ?2, ?3, ?4)")
      .run(number, boot.id, boot.offset_ms, boot.synchronized);
}

}  // namespace bascule
