// A block of properties from anywhere: read, judged, written again, stamped.
#include "message/properties.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "claim.hpp"
#include "message/stamp.hpp"

using namespace bascule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> bytes(data, data + size);
  const std::string_view block(bytes.data(), bytes.size());
  PropertyReader reader(block);
  std::string again;
  while (const auto property = reader.next()) CLAIM(append_property(again, *property));
  CLAIM(block.starts_with(again));
  CLAIM(!reader.ok() || again == block);
  const auto expiry_s = message_expiry_s(block);
  user_property(block, stamp_property);
  if (!valid_properties(block)) return 0;

  CLAIM(reader.ok());
  const Stamp stamp{"store-42", "0123456789abcdef", "default", 7, 1'763'817'600'123};
  std::string stamped;
  Prover prover;
  const Message message{"topic", "payload", block, Qos::at_least_once, false};
  restamp(message, stamp, 5, prover, stamped);
  CLAIM(valid_properties(stamped));
  CLAIM(find_stamp(stamped).stamp.starts_with(format_stamp(stamp) + '/'));
  CLAIM(passed(bridges(find_stamp(stamped)), "store-42"));
  CLAIM(proven_stamp(find_stamp(stamped), message, prover).has_value());
  CLAIM(message_expiry_s(stamped).has_value() == expiry_s.has_value());
  if (expiry_s) CLAIM(*message_expiry_s(stamped) == (*expiry_s > 5 ? *expiry_s - 5 : 1));
  std::string twice;
  restamp({"topic", "payload", stamped, Qos::at_least_once, false}, stamp, 0, prover, twice);
  CLAIM(hops(bridges(find_stamp(twice))) <= hops(bridges(find_stamp(stamped))) + 1);
  std::string bare;
  unstamp(twice, bare);
  CLAIM(find_stamp(bare).stamp.empty() && find_stamp(bare).via.empty());
  return 0;
}
