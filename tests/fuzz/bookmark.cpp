// What anyone may have written under a bookmark's topic.
#include "forwarder/bookmark/bookmark.hpp"

#include <cstdint>
#include <string>

using namespace bascule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Loop loop("fuzz");
  const std::string payload(reinterpret_cast<const char*>(data), size);
  Bookmark bookmark("store-42", loop, [](const std::string&, bool) {});
  bookmark.heard(payload);
  bookmark.ask(true, [](FarKnowledge) {});
  bookmark.heard(payload);
  bookmark.forget();
  return 0;
}
