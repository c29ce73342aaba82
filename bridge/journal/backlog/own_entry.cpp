#include "journal/backlog/own_entry.hpp"

namespace bascule {

Append own_entry(const Message& message, LaneId lane, std::string& bytes, InputKind kind) {
  Append entry;
  entry.lane = lane;
  entry.offset = bytes.size();
  encode_record(message, {}, false, bytes, kind);
  entry.length = bytes.size() - entry.offset;
  return entry;
}

}  // namespace bascule
