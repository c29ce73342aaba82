// What Paho tells in its trace and nowhere else: the socket of a connection, and TLS alerts. The
// trace belongs to the whole process and costs time, so it runs only while some link connects.
// Paho traces on the thread that then calls back, so each thread remembers its own last lines.
#pragma once

#include <string>

namespace bascule {

// The trace runs while at least one of these exists. Any thread.
class PahoTrace {
 public:
  PahoTrace();
  ~PahoTrace();
  PahoTrace(const PahoTrace&) = delete;
  PahoTrace& operator=(const PahoTrace&) = delete;
};

// In the callback of a connect that succeeded: the socket. -1 if it was not seen.
int take_traced_socket();

// In the callback of a connect that failed: the fatal TLS alert that the broker sent. Empty: none.
std::string take_traced_alert();

}  // namespace bascule
