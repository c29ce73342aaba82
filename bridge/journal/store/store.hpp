// The journal's file: every statement that touches a table of FORMAT.md is in one of its tables or
// in schema.cpp. Synchronous, one thread at a time, one process at a time (the lock). Errors are
// DatabaseError, except on opening: JournalError, with what to do about it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "journal/settings.hpp"
#include "journal/store/directory_lock.hpp"
#include "journal/store/file_identity.hpp"
#include "journal/store/journal_error.hpp"
#include "journal/store/segment/segments.hpp"
#include "journal/store/sqlite/log_mending.hpp"
#include "journal/store/table/configuration_table.hpp"
#include "journal/store/table/history_table.hpp"
#include "journal/store/table/message/batch_table.hpp"
#include "journal/store/table/message/held_table.hpp"
#include "journal/store/table/message/lane_table.hpp"
#include "journal/store/table/message/loss_ledger.hpp"
#include "journal/store/table/message/quarantine_table.hpp"
#include "journal/store/table/message/receipt_table.hpp"
#include "journal/store/table/meta_table.hpp"
#include "journal/store/table/policy/policy_tables.hpp"
#include "journal/store/table/session/repeat_table.hpp"
#include "journal/store/table/session/retained_table.hpp"
#include "journal/store/table/session/seen_table.hpp"
#include "journal/store/table/session/session_table.hpp"
#include "journal/store/table/session/subscription_table.hpp"
#include "journal/store/table/site_table.hpp"

namespace bascule {

// What the file system of a directory has left for us; 0 if it cannot be asked.
std::uint64_t free_bytes_in(const std::string& directory);

class Store {
 public:
  // Opens or creates data_dir/journal.db. `bridge_id` must be the one it was made with.
  Store(const JournalSettings& settings, const std::string& bridge_id);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  BatchTable& batches() { return batches_; }
  ConfigurationTable& configuration() { return configuration_; }
  HeldTable& held() { return held_; }
  HistoryTable& history() { return history_; }
  LaneTable& lanes() { return lanes_; }
  LossLedger& losses() { return losses_; }
  MetaTable& meta() { return meta_; }
  PolicyTables& policies() { return policies_; }
  QuarantineTable& quarantine() { return quarantine_; }
  ReceiptTable& receipts() { return receipts_; }
  RepeatTable& repeats() { return repeats_; }
  RetainedTable& retained() { return retained_; }
  SeenTable& seen() { return seen_; }
  SessionTable& sessions() { return sessions_; }
  SiteTable& sites() { return sites_; }
  SubscriptionTable& subscriptions() { return subscriptions_; }

  bool fresh() const { return fresh_; }  // there was none before
  // What had changed in its log when it was opened. If commits are lost, a copy of the log as it
  // was lies beside the database.
  const LogMending& log_mending() const { return log_mending_; }
  const std::string& epoch() const { return epoch_; }
  void renew_epoch() { epoch_ = meta_.renew_epoch(); }
  std::int64_t schema() { return database_->integer("PRAGMA user_version"); }

  void begin();
  void roll_back() { database_->roll_back(); }
  // What was committed is where it will be looked for: else throws JournalError, though SQLite has
  // it.
  void commit();
  // Whether the files that are open are those at their paths.
  bool in_place() const;
  // They are not, and no transaction is under way. Brings what was committed back to where it
  // belongs, if that can be done without touching what is there instead; says what was done, or
  // throws JournalError, with what to do. The store is to be closed then; what is at its paths
  // stays as it is.
  std::string put_back();
  // A store that was just opened syncs every commit. Not within a transaction.
  void set_sync(JournalSettings::Sync sync);
  int log_pages() const { return database_->log_pages(); }
  // Moves the log into the file, if there is something in it.
  void checkpoint(Database::Sync sync);
  std::uint64_t used_bytes();   // of the file, without its free pages, and of the segments
  std::uint64_t spare_bytes();  // the file's free pages, and what of segments goes with a commit
  std::uint64_t free_bytes() const { return free_bytes_in(directory_); }  // of the file system
  std::int64_t changes() const { return database_->total_changes(); }     // rows, since opening
  void give_back_pages();  // free pages to the file system, a few at a time
  // Gives the file system what file and log hold and do not need, as far as a full one lets them.
  // Not within a transaction.
  void shrink();
  std::uint64_t log_bytes() const;  // of the log's file, whatever is in it

 private:
  std::uint64_t pages(const char* pragma);  // in bytes

  bool fresh_ = false;
  std::string directory_;
  DirectoryLock lock_;
  LogMending log_mending_;
  std::unique_ptr<Database> database_;
  FileIdentity file_;
  std::unique_ptr<FileIdentity> log_;  // made with the first commit
  JournalSettings::Sync sync_ = JournalSettings::Sync::full;
  Segments segments_;
  BatchTable batches_;
  ConfigurationTable configuration_;
  HeldTable held_;
  HistoryTable history_;
  LaneTable lanes_;
  LossLedger losses_;
  MetaTable meta_;
  PolicyTables policies_;
  QuarantineTable quarantine_;
  ReceiptTable receipts_;
  RepeatTable repeats_;
  RetainedTable retained_;
  SeenTable seen_;
  SessionTable sessions_;
  SiteTable sites_;
  SubscriptionTable subscriptions_;
  std::string epoch_;
};

}  // namespace bascule
