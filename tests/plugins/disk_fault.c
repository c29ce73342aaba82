/* Preloaded into a bridge (LD_PRELOAD): one of its calls of the system below a folder goes wrong.
 *
 *   DISK_FAULT_DIR    the folder
 *   DISK_FAULT_AT     which call, from 1 on, counted over all threads; 0: none
 *   DISK_FAULT_TIMES  how many in a row; 0: all from there on
 *   DISK_FAULT_KIND   EIO, ENOSPC, EROFS; short: half of a write is done; stall: DISK_FAULT_STALL_S
 *                     seconds pass before it; kill: SIGKILL comes before it
 *   DISK_FAULT_LOG    a file that gets a line for each call: its number, its name, its file, and
 *                     "hit" if it went wrong
 *
 * A call is only given an error that it can have: nothing but a write meets a full disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))
#define NEXT(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

enum What {
  READS,
  SYNCS,
  CHANGES
}; /* a change needs room, and a file system that can be written */
enum { GOES_ON = 0, SHORT = -1 };

static const char* setting(const char* name, const char* otherwise) {
  const char* text = getenv(name);
  return text == NULL ? otherwise : text;
}

static int below(const char* path) {
  const char* folder = setting("DISK_FAULT_DIR", "/nowhere");
  return path != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static void tell(long number, const char* name, const char* path, int hit) {
  static atomic_int log = -1;
  const char* file = getenv("DISK_FAULT_LOG");
  if (file == NULL) return;
  if (log < 0) log = (int)syscall(SYS_open, file, O_WRONLY | O_CREAT | O_APPEND, 0600);
  const char* base = strrchr(path, '/');
  char line[PATH_MAX];
  const int length = snprintf(line, sizeof line, "%ld %s %s%s\n", number, name,
                              base == NULL ? path : base + 1, hit ? " hit" : "");
  syscall(SYS_write, log, line, length);
}

/* GOES_ON, SHORT, or the errno with which the call ends. */
static int meet(const char* name, const char* path, enum What what) {
  static atomic_long calls;
  if (!below(path)) return GOES_ON;
  const long number = ++calls, at = atol(setting("DISK_FAULT_AT", "0")),
             times = atol(setting("DISK_FAULT_TIMES", "1"));
  const char* kind = setting("DISK_FAULT_KIND", "EIO");
  int result = GOES_ON, hit = at > 0 && number >= at && (times == 0 || number < at + times);
  if (hit && strcmp(kind, "EIO") == 0) {
    result = EIO;
  } else if (hit && strcmp(kind, "ENOSPC") == 0 && what == CHANGES) {
    result = ENOSPC;
  } else if (hit && strcmp(kind, "EROFS") == 0 && what == CHANGES) {
    result = EROFS;
  } else if (hit && strcmp(kind, "short") == 0 && strstr(name, "write") != NULL) {
    result = SHORT;
  } else if (hit && strcmp(kind, "stall") != 0 && strcmp(kind, "kill") != 0) {
    hit = 0;
  }
  tell(number, name, path, hit);
  if (hit && strcmp(kind, "kill") == 0) kill(getpid(), SIGKILL);
  if (hit && strcmp(kind, "stall") == 0) {
    struct timespec left = {atol(setting("DISK_FAULT_STALL_S", "30")), 0};
    while (nanosleep(&left, &left) != 0) {
    }
  }
  return result;
}

static int meet_file(const char* name, int file, enum What what) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const long length = syscall(SYS_readlink, link, path, sizeof path - 1);
  if (length < 0) return GOES_ON;
  path[length] = 0;
  return meet(name, path, what);
}

/* Ends the calling function if the call goes wrong. */
#define OR_END(met)          \
  do {                       \
    const int error = (met); \
    if (error > 0) {         \
      errno = error;         \
      return -1;             \
    }                        \
  } while (0)

#define OPEN(name)                                                                       \
  PUBLIC int name(const char* path, int flags, ...) {                                    \
    va_list more;                                                                        \
    va_start(more, flags);                                                               \
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0; \
    va_end(more);                                                                        \
    OR_END(meet("open", path, (flags & O_ACCMODE) == O_RDONLY ? READS : CHANGES));       \
    return NEXT(name)(path, flags, mode);                                                \
  }
OPEN(open)
OPEN(open64)

#define PWRITE(name, offset_type)                                                   \
  PUBLIC ssize_t name(int file, const void* bytes, size_t length, offset_type at) { \
    const int met = meet_file("pwrite", file, CHANGES);                             \
    OR_END(met);                                                                    \
    return NEXT(name)(file, bytes, met == SHORT ? length / 2 : length, at);         \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

PUBLIC ssize_t write(int file, const void* bytes, size_t length) {
  const int met = meet_file("write", file, CHANGES);
  OR_END(met);
  return NEXT(write)(file, bytes, met == SHORT ? length / 2 : length);
}

PUBLIC ssize_t writev(int file, const struct iovec* parts, int count) {
  const int met = meet_file("writev", file, CHANGES);
  OR_END(met);
  return met == SHORT ? NEXT(write)(file, parts[0].iov_base, parts[0].iov_len / 2)
                      : NEXT(writev)(file, parts, count);
}

#define PREAD(name, offset_type)                                              \
  PUBLIC ssize_t name(int file, void* bytes, size_t length, offset_type at) { \
    OR_END(meet_file("pread", file, READS));                                  \
    return NEXT(name)(file, bytes, length, at);                               \
  }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

PUBLIC ssize_t read(int file, void* bytes, size_t length) {
  OR_END(meet_file("read", file, READS));
  return NEXT(read)(file, bytes, length);
}

#define SYNC(name)                         \
  PUBLIC int name(int file) {              \
    OR_END(meet_file(#name, file, SYNCS)); \
    return NEXT(name)(file);               \
  }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name, offset_type)                \
  PUBLIC int name(int file, offset_type length) {  \
    OR_END(meet_file("ftruncate", file, CHANGES)); \
    return NEXT(name)(file, length);               \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define FALLOCATE(name, offset_type)                                        \
  PUBLIC int name(int file, int mode, offset_type at, offset_type length) { \
    OR_END(meet_file("fallocate", file, CHANGES));                          \
    return NEXT(name)(file, mode, at, length);                              \
  }
FALLOCATE(fallocate, off_t)
FALLOCATE(fallocate64, off64_t)

/* Returns the error itself. */
#define POSIX_FALLOCATE(name, offset_type)                        \
  PUBLIC int name(int file, offset_type at, offset_type length) { \
    const int met = meet_file("posix_fallocate", file, CHANGES);  \
    return met > 0 ? met : NEXT(name)(file, at, length);          \
  }
POSIX_FALLOCATE(posix_fallocate, off_t)
POSIX_FALLOCATE(posix_fallocate64, off64_t)

PUBLIC int unlink(const char* path) {
  OR_END(meet("unlink", path, CHANGES));
  return NEXT(unlink)(path);
}

PUBLIC int remove(const char* path) {
  OR_END(meet("remove", path, CHANGES));
  return NEXT(remove)(path);
}

PUBLIC int rename(const char* from, const char* to) {
  OR_END(meet("rename", from, CHANGES));
  return NEXT(rename)(from, to);
}

PUBLIC int mkdir(const char* path, mode_t mode) {
  OR_END(meet("mkdir", path, CHANGES));
  return NEXT(mkdir)(path, mode);
}
