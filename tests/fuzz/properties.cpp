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
  restamp(block, stamp, "store-42", 5, stamped);
  CLAIM(valid_properties(stamped));
  CLAIM(user_property(stamped, stamp_property) == format_stamp(stamp));
  CLAIM(passed(*user_property(stamped, via_property), "store-42"));
  CLAIM(message_expiry_s(stamped).has_value() == expiry_s.has_value());
  if (expiry_s) CLAIM(*message_expiry_s(stamped) == (*expiry_s > 5 ? *expiry_s - 5 : 1));
  std::string twice;
  restamp(stamped, stamp, "store-42", 0, twice);
  CLAIM(hops(*user_property(twice, via_property)) <=
        hops(*user_property(stamped, via_property)) + 1);
  return 0;
}
