// What the sanitizers report of libraries that are not ours, and not built with them.
extern "C" {
const char* __lsan_default_suppressions();
const char* __tsan_default_suppressions();

const char* __lsan_default_suppressions() { return "leak:libpaho-mqtt3as\n"; }

// Paho C++ holds a client's lock while it sets callbacks, before the client first connects. The
// rest is what TSan cannot see: memory handed over inside libraries that it does not watch. Paho
// C++ counts the owners of its tokens and messages there, so whoever lets go last seems to race
// with the others. glibc guards the time zone with a lock of its own, and Paho's log asks for the
// local time as a test of ours does.
const char* __tsan_default_suppressions() {
  return "deadlock:libpaho-mqtt3as\n"
         "race:mqtt::async_client::remove_token\n"
         "race:mqtt::delivery_token::\n"
         "race:mqtt::token::\n"
         "race:spdlog\n"
         "race:tzset_internal\n"
         "thread:libpaho-mqtt3as\n";
}
}
