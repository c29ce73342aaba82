// A layer (VFS) between SQLite and the file system that gathers writes. SQLite writes the header
// and the content of each page of the log by themselves, and each page of a checkpoint; reads for
// the checkpoint what it has just written; and each of these is a system call. Here adjacent writes
// become one, and the log is also kept in memory. What SQLite is told stays true: what is synced is
// on the disk, a committed transaction is at least with the kernel before SQLite calls it
// committed, and a write that fails is reported before anything is built on it.
//
// The sync that ends a checkpoint can be left to another thread: SQLite is told that it is done,
// and what it would do next, to the database or its log, waits until it is. If it fails, so does
// everything that would be written from then on, and the log stays; whoever opens the database
// again has it all from there.
//
// A database that is opened with the parameter `sectors` (of its file: URI) has a log in which each
// page has a sector to itself (log_sectors.hpp). It must keep the end of each page free for that.
// Such a log is at another name than SQLite's: SQLite's tools cannot read it, and would remove it.
//
// For one connection with locking_mode=EXCLUSIVE: the files of one database share nothing, and have
// no lock of their own.
#pragma once

#include <cstdint>
#include <future>
#include <string_view>

struct sqlite3_vfs;

namespace bascule {

// Registers the layer at the first call. Below it is the VFS that is SQLite's default when a
// database is opened. Any thread.
const char* gather_vfs();

// What is below the layer now. Any thread.
sqlite3_vfs* vfs_below();

inline constexpr const char* sectors_parameter = "sectors";
inline constexpr std::string_view sector_log_suffix = "-log";

// What this process has had written to databases and their logs, in whole sectors of 4,096 bytes:
// what a disk has to write for it, but for the file system's own. Any thread.
std::uint64_t database_bytes_written();
// Counts what is written beside them.
void count_written(std::uint64_t at, std::size_t length);

// sqlite3_file_control() with the sqlite3_file* of the log, which is open: the syncs of the
// database that follow are left to another thread. With null: no more.
inline constexpr int leave_syncs_control = 0x62617363;

// For tests: std::launch::deferred is as late as can be, and on the thread that waits for it.
inline std::launch later_sync = std::launch::async;

}  // namespace bascule
