// A layer (VFS) between SQLite and the file system that gathers writes. SQLite writes the header
// and the content of each page of the log by themselves, and each page of a checkpoint; reads for
// the checkpoint what it has just written; and each of these is a system call. Here adjacent writes
// become one, and the log is also kept in memory. What SQLite is told stays true: what is synced is
// on the disk, a committed transaction is at least with the kernel before SQLite calls it
// committed, and a write that fails is reported before anything is built on it.
//
// For one connection with locking_mode=EXCLUSIVE: the files of one database share nothing, and have
// no lock of their own.
#pragma once

namespace bascule {

// Registers the layer at the first call. Below it is the VFS that is SQLite's default when a
// database is opened. Any thread.
const char* gather_vfs();

}  // namespace bascule
