// What we send can be read: a PUBLISH of any message comes back from its own bytes as it was.
#include <fuzzer/FuzzedDataProvider.h>

#include <string>

#include "claim.hpp"
#include "link/codec/decode.hpp"
#include "link/codec/encode.hpp"
#include "message/properties.hpp"

using namespace bascule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const auto version = input.ConsumeBool() ? Protocol::v5 : Protocol::v3_1_1;
  const auto qos = static_cast<Qos>(input.ConsumeIntegralInRange(0, 2));
  const bool retain = input.ConsumeBool();
  const auto id = input.ConsumeIntegralInRange<std::uint16_t>(1, 65'535);
  const auto topic = input.ConsumeRandomLengthString(300);
  auto properties = input.ConsumeRandomLengthString(300);
  if (version != Protocol::v5 || !valid_properties(properties)) properties.clear();
  const auto payload = input.ConsumeRemainingBytesAsString();
  const Message message{topic, payload, properties, qos, retain};

  std::string packet = "before";
  append_publish(packet, version, message, id);
  CLAIM(packet.size() == 6 + publish_bytes(version, message));
  const auto frame = next_frame(std::span(packet).subspan(6), packet.size());
  CLAIM(frame.state == Frame::State::whole);
  CLAIM(frame.size + 6 == packet.size());
  Delivery back;
  CLAIM(decode_publish(frame.flags, frame.body, version, back));
  CLAIM(back.message.topic == topic);
  CLAIM(back.message.payload == payload);
  CLAIM(back.message.properties == properties);
  CLAIM(back.message.qos == qos);
  CLAIM(back.message.retain == retain);
  CLAIM(back.packet_id == (qos == Qos::at_most_once ? 0 : id));
  CLAIM(!back.duplicate);
  for (std::size_t cut = 0; cut < frame.size; ++cut) {
    const auto part = next_frame(std::span(packet).subspan(6, cut), packet.size());
    CLAIM(part.state == Frame::State::partial);
  }
  return 0;
}
