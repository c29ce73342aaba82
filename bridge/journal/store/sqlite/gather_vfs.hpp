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
// For one connection with locking_mode=EXCLUSIVE: the files of one database share nothing, and have
// no lock of their own.
#pragma once

#include <future>

namespace bascule {

// Registers the layer at the first call. Below it is the VFS that is SQLite's default when a
// database is opened. Any thread.
const char* gather_vfs();

// sqlite3_file_control() with the sqlite3_file* of the log, which is open: the syncs of the
// database that follow are left to another thread. With null: no more.
inline constexpr int leave_syncs_control = 0x62617363;

// For tests: std::launch::deferred is as late as can be, and on the thread that waits for it.
inline std::launch later_sync = std::launch::async;

}  // namespace bascule
