/* Preloaded into a bridge (LD_PRELOAD): CLOCK_PASSED_S seconds have passed, for its wall clock and
 * its boot time alike, and its wall clock is CLOCK_WRONG_S fast. The clock that threads wait by is
 * left alone. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long seconds(const char* name) {
  const char* text = getenv(name);
  return text == NULL ? 0 : atol(text);
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec* at) {
  const int result = (int)syscall(SYS_clock_gettime, clock, at);
  if (result != 0) return result;
  if (clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME) at->tv_sec += seconds("CLOCK_PASSED_S");
  if (clock == CLOCK_REALTIME) at->tv_sec += seconds("CLOCK_WRONG_S");
  return 0;
}
