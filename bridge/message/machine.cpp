#include "message/machine.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>

namespace bascule {
namespace {

// Drawn for bascule once.
constexpr unsigned char application[16] = {0x6a, 0x1f, 0xb0, 0x53, 0x8e, 0x27, 0x4c, 0x9d,
                                           0xa1, 0x34, 0x72, 0xe8, 0x0b, 0xd5, 0x96, 0x4f};

std::string first_line(const char* path) {
  std::string line;
  std::getline(std::ifstream(path), line);
  return line;
}

// In memory, or in a layer over an image: the id may be drawn at each start. systemd mounts one in
// memory over /etc/machine-id where it cannot write there. A file of the host's that is mounted
// into a container is on a file system of the host's.
bool is_lasting(const char* path) {
  constexpr std::uint32_t in_memory = 0x01021994, in_initial_memory = 0x858458f6;
  constexpr std::uint32_t layered = 0x794c7630;
  struct statfs info {};
  if (::statfs(path, &info) != 0) return false;
  const auto kind = static_cast<std::uint32_t>(info.f_type);
  return kind != in_memory && kind != in_initial_memory && kind != layered;
}

// `text` under the key, as an id that was drawn.
std::string keyed(const std::array<unsigned char, 16>& key, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
           nullptr) == nullptr) {
    return {};
  }
  digest[6] = (digest[6] & 0x0F) | 0x40;  // as systemd has it
  digest[8] = (digest[8] & 0x3F) | 0x80;
  std::string hex;
  for (std::size_t i = 0; i < key.size(); ++i) {
    char byte[3];
    std::snprintf(byte, sizeof byte, "%02x", digest[i]);
    hex += byte;
  }
  return hex;
}

}  // namespace

std::string machine_id_of(std::string machine, const std::string& serial) {
  std::array<unsigned char, 16> key{};
  if (machine.size() != 2 * key.size() ||
      machine.find_first_not_of("0123456789abcdef") != machine.npos) {
    return {};  // "uninitialized", or nothing
  }
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<unsigned char>(std::stoi(machine.substr(2 * i, 2), nullptr, 16));
  }
  std::string text(reinterpret_cast<const char*>(application), sizeof application);
  std::string id = keyed(key, text);
  if (!id.empty() && !serial.empty()) id += '-' + keyed(key, text + serial);
  return id;
}

bool is_same_machine(const std::string& one, const std::string& other) {
  const std::size_t end = std::min(one.find('-'), one.size());
  const std::size_t other_end = std::min(other.find('-'), other.size());
  if (one.compare(0, end, other, 0, other_end) != 0) return false;
  return end == one.size() || other_end == other.size() || one == other;
}

std::string machine_id() {
  constexpr const char* file = "/etc/machine-id";
  if (!is_lasting(file)) return {};
  return machine_id_of(first_line(file), first_line("/proc/device-tree/serial-number"));
}

}  // namespace bascule
