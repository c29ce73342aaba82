// Where packets are written to: a buffer that goes out with the end of this turn of the loop.
#pragma once

#include <cstdint>
#include <string>

namespace bascule {

class Wire {
 public:
  virtual ~Wire() = default;
  virtual std::string& out() = 0;              // what is appended goes out
  virtual std::uint64_t position() const = 0;  // of the end of out(), counted from the first byte
};

}  // namespace bascule
