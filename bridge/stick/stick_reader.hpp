// Reads a stick from front to end, and believes nothing before it was checked: the end is reached
// only if every byte is as it was written. One owner; throws StickError, with what to do.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "message/proof.hpp"
#include "stick/contents.hpp"

namespace bascule {

class StickReader {
 public:
  // `source` gives the next bytes of the file, at most so many, and 0 at its end. Reads the head.
  using Source = std::function<std::size_t(char* to, std::size_t most)>;
  explicit StickReader(Source source);
  ~StickReader();

  const StickHead& head() const { return head_; }

  enum class Next : std::uint8_t { lane, message, end };
  Next next();
  const StickLane& lane() const { return lane_; }  // the last that was begun
  const StickMessage& message() const { return message_; }
  std::uint64_t messages() const { return messages_; }  // so far

  // After the end. Of all that was read; two of the same hash are the same.
  const std::string& hash() const { return hash_; }
  // Whether whoever wrote it had this key.
  bool proven(Prover& key) const;

 private:
  class Stream;
  char read_frame();
  void read_head();
  void read_lane();
  void read_message();
  void read_end();

  std::unique_ptr<Stream> stream_;
  std::string frame_, hash_, proof_;
  StickHead head_;
  StickLane lane_;
  StickMessage message_;
  std::uint64_t messages_ = 0;
  std::uint64_t least_ = 1;  // the next sequence is as high at least
  bool in_lane_ = false;
};

}  // namespace bascule
