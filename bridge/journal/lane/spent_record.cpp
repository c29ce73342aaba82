#include "journal/lane/spent_record.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace bascule {
namespace {

constexpr std::size_t piece_bytes = 1 << 20;
constexpr std::size_t length_at = 4;  // FORMAT.md, "A record"

// Gives the system the memory of whole pages of it.
void discard(std::string_view bytes) {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t last = (begin + bytes.size()) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

}  // namespace

void encode_spent(const Message& message, Receipt receipt, bool stamped, std::string& out) {
  if (message.payload.size() <= piece_bytes) return encode_record(message, receipt, stamped, out);
  const std::size_t at = out.size();
  Message head = message;
  head.payload = {};
  out.reserve(at + record_header_bytes + message.topic.size() + message.properties.size() +
              message.payload.size());
  encode_record(head, receipt, stamped, out);
  for (std::string_view rest = message.payload; !rest.empty();) {
    const std::string_view piece = rest.substr(0, piece_bytes);
    out.append(piece);
    discard(piece);
    rest.remove_prefix(piece.size());
  }
  const auto length = static_cast<std::uint32_t>(out.size() - at);
  std::memcpy(out.data() + at + length_at, &length, sizeof length);
}

}  // namespace bascule
