// Writes a stick. One owner; throws StickError, and what `sink` throws.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "message/proof.hpp"
#include "stick/contents.hpp"

namespace bascule {

class StickWriter {
 public:
  // `sink` takes the bytes of the file, in order. `by`: the program's version.
  using Sink = std::function<void(std::string_view)>;
  StickWriter(const StickHead& head, std::string_view by, Sink sink);
  ~StickWriter();

  void lane(const StickLane& lane);
  void message(const StickMessage& message);  // of the lane that was begun last
  // Once; without it the file is refused. `key`: proves the whole of it; null: there is none.
  void end(Prover* key = nullptr);

  std::uint64_t messages() const { return messages_; }
  std::uint64_t written_bytes() const;  // of the file

 private:
  class Stream;
  void frame(char letter, std::string_view payload);

  std::unique_ptr<Stream> stream_;
  std::string bytes_;  // scratch
  std::uint64_t messages_ = 0;
};

}  // namespace bascule
