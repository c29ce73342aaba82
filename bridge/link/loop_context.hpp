// The Asio context of a loop, for the parts of this module that use sockets on its thread.
#pragma once

#include <memory>

#include "link/loop.hpp"

namespace boost::asio {
class io_context;
}

namespace bascule {

namespace asio = boost::asio;

struct LoopContext {
  static std::shared_ptr<asio::io_context> of(Loop& loop);
};

}  // namespace bascule
