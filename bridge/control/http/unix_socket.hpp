// Whether somebody listens on a unix socket.
#pragma once

#include <string>

namespace bascule {

// Connects to `path` and hangs up. Returns 0 if somebody listens there, otherwise the errno of the
// attempt: ENOENT (no such file), ECONNREFUSED (a file that a dead process left), EACCES (we may
// not), ENAMETOOLONG (no unix socket can have this path), EPROTOTYPE or others. Never waits.
int try_connect(const std::string& path);

}  // namespace bascule
