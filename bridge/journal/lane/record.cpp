#include "journal/lane/record.hpp"

#include <bit>
#include <cstring>

#include "journal/lane/crc32c.hpp"
#include "message/properties.hpp"

namespace bascule {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little endian");

constexpr unsigned char central_up_bit = 0x80;

template <typename T>
T get(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <typename T>
void put(char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

std::uint32_t checksum(std::string_view record, LaneId lane, std::uint64_t sequence,
                       std::uint32_t chain) {
  char place[12];
  put(place, chain);
  put(place + 4, LaneSequence{lane, sequence}.key());
  return crc32c(crc32c(0, {place, sizeof place}), record.substr(4));
}

}  // namespace

std::uint32_t digest_of(const Message& message) {
  std::string_view properties = message.properties;
  std::string lasting;
  if (message_expiry_s(properties)) {
    PropertyReader reader(message.properties);
    while (const auto property = reader.next()) {
      if (property->id != PropertyId::message_expiry) append_property(lasting, *property);
    }
    properties = lasting;
  }
  return crc32c(crc32c(crc32c(0, message.topic), properties), message.payload);
}

void encode_record(const Message& message, Receipt receipt, bool stamped, std::string& out,
                   InputKind kind) {
  char header[record_header_bytes] = {};
  const std::size_t length = record_header_bytes + message.topic.size() +
                             message.properties.size() + message.payload.size();
  put(header + 4, static_cast<std::uint32_t>(length));
  header[8] = static_cast<char>(static_cast<unsigned>(message.qos) | (message.retain ? 4U : 0U) |
                                (stamped ? 8U : 0U) | (receipt.exactly_once ? 16U : 0U));
  header[9] = static_cast<char>(kind);
  put(header + 10, static_cast<std::uint16_t>(message.topic.size()));
  put(header + 12, static_cast<std::uint32_t>(message.properties.size()));
  put(header + 16, receipt.digest);
  put(header + 20, receipt.packet_id);
  out.reserve(out.size() + length);
  out.append(header, sizeof header);
  out.append(message.topic).append(message.properties).append(message.payload);
}

void note_central_up(char* record) {
  record[9] = static_cast<char>(static_cast<unsigned char>(record[9]) | central_up_bit);
}

std::uint32_t seal_record(char* record, std::uint16_t session, LaneId lane, std::uint64_t sequence,
                          std::uint32_t chain) {
  put(record + 22, session);
  const std::uint32_t crc =
      checksum({record, get<std::uint32_t>(record + 4)}, lane, sequence, chain);
  put(record, crc);
  return crc;
}

RecordHead read_record_head(std::string_view header) {
  const char* at = header.data();
  return {get<std::uint32_t>(at + 4),
          {get<std::uint32_t>(at + 16), get<std::uint16_t>(at + 20), get<std::uint16_t>(at + 22),
           (at[8] & 16) != 0}};
}

std::string_view bytes_of(const Record& record) {
  return {record.message.topic.data() - record_header_bytes, record.size};
}

Record read_record(std::string_view bytes) {
  const char* at = bytes.data();
  const auto topic = get<std::uint16_t>(at + 10);
  const auto properties = get<std::uint32_t>(at + 12);
  Record record;
  record.crc = get<std::uint32_t>(at);
  record.size = get<std::uint32_t>(at + 4);
  record.message.qos = static_cast<Qos>(at[8] & 3);
  record.message.retain = (at[8] & 4) != 0;
  record.stamped = (at[8] & 8) != 0;
  record.kind = static_cast<InputKind>(static_cast<unsigned char>(at[9]) & ~central_up_bit);
  record.central_up = (static_cast<unsigned char>(at[9]) & central_up_bit) != 0;
  record.receipt = read_record_head(bytes).receipt;
  const std::string_view body = bytes.substr(0, record.size).substr(record_header_bytes);
  record.message.topic = body.substr(0, topic);
  record.message.properties = body.substr(topic, properties);
  record.message.payload = body.substr(topic + properties);
  return record;
}

std::optional<Record> RecordReader::next() {
  if (rest_.empty() || !ok_) return std::nullopt;
  ok_ = false;
  if (rest_.size() < record_header_bytes) return std::nullopt;
  const auto length = get<std::uint32_t>(rest_.data() + 4);
  const std::uint64_t least = record_header_bytes + get<std::uint16_t>(rest_.data() + 10) +
                              std::uint64_t{get<std::uint32_t>(rest_.data() + 12)};
  if (length < least || length > rest_.size()) return std::nullopt;
  Record record = read_record(rest_);
  if (check_ == Check::checksums) {
    if (checksum(rest_.substr(0, length), lane_, sequence_, chain_) != record.crc) {
      return std::nullopt;
    }
    chain_ = record.crc;
  }
  ok_ = true;
  record.sequence = sequence_++;
  rest_.remove_prefix(length);
  return record;
}

}  // namespace bascule
