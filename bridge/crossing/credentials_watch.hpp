// Notices when the files change that a link shows its broker, or trusts: password, certificates,
// key. What is new counts once it can be used; until then what was read before stays in use,
// but at the Paho client, which reads the files by itself.
// Copied with a link that outlives its crossing.
#pragma once

#include <cstdint>
#include <string>

#include "file_watch.hpp"
#include "link/link.hpp"

namespace bascule {

class CredentialsWatch {
 public:
  explicit CredentialsWatch(const LinkSettings& settings);

  // data: only that of enhanced authentication has changed, and is good.
  enum class Found : std::uint8_t { nothing, good, data, bad };
  // Looks, and logs what is found. Each second or so.
  Found look(const LinkSettings& settings);
  // What is wrong with the files, as found; empty: nothing.
  const std::string& fault() const { return fault_; }

 private:
  FileWatch files_;
  std::string fault_;
};

}  // namespace bascule
