// A batch of the journal whose bytes may be anything: the reader stops where it is damaged and
// never looks beyond it.
#include "journal/lane/record.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "claim.hpp"

using namespace bascule;

namespace {

constexpr LaneId lane = 3;

std::size_t read_all(std::string_view batch, RecordReader::Check check, std::string& payloads) {
  RecordReader reader(lane, 10, 99, batch, check);
  std::size_t bytes = 0;
  for (std::uint64_t sequence = 10; const auto record = reader.next(); ++sequence) {
    CLAIM(record->sequence == sequence);
    CLAIM(record->size >= record_header_bytes);
    bytes += record->size;
    CLAIM(bytes <= batch.size());
    payloads.append(record->message.topic).append(record->message.properties);
    payloads.append(record->message.payload);
  }
  CLAIM(!reader.ok() || bytes == batch.size());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> bytes(data, data + size);
  const std::string_view batch(bytes.data(), bytes.size());
  std::string payloads;
  const auto fit = read_all(batch, RecordReader::Check::lengths, payloads);
  CLAIM(read_all(batch, RecordReader::Check::checksums, payloads) <= fit);

  // The same bytes as a message: written, sealed and read, then with one byte changed.
  const std::string_view topic = batch.substr(0, batch.size() / 4);
  std::string sealed;
  encode_record({topic, batch.substr(topic.size()), {}, Qos::at_least_once, false}, {1, 2, 0},
                false, sealed);
  seal_record(sealed.data(), 5, lane, 10, 99);
  std::string text;
  CLAIM(read_all(sealed, RecordReader::Check::checksums, text) == sealed.size());
  CLAIM(text == batch);
  const auto place = size == 0 ? 0 : data[0] * 7 % sealed.size();
  sealed[place] = static_cast<char>(sealed[place] ^ 0x10);
  CLAIM(read_all(sealed, RecordReader::Check::checksums, text) == 0);
  return 0;
}
