// Opens the database with the settings the journal depends on, and brings its schema up to date.
#pragma once

#include <memory>
#include <string>

#include "journal/settings.hpp"
#include "journal/store/sqlite/database.hpp"

namespace bascule {

inline constexpr int schema_version = 7;

// Commits are synced, whatever the settings say, until set_sync().
// Throws JournalError if the file is of a newer schema or not a journal, or if SQLite does not take
// a setting; DatabaseError for the rest.
std::unique_ptr<Database> open_database(const std::string& path, const JournalSettings& settings);

// Not within a transaction. Throws as above.
void set_sync(Database& database, JournalSettings::Sync sync);

}  // namespace bascule
