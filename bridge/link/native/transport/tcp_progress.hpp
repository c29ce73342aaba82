// How far what was written to a socket has come. Any thread.
#pragma once

#include "link/native/keep_alive.hpp"

namespace bascule {

// For a socket other than TCP: everything has arrived.
KeepAlive::Progress tcp_progress(int socket);

}  // namespace bascule
