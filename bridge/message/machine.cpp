#include "message/machine.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
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
  text += serial;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
           nullptr) == nullptr) {
    return {};
  }
  digest[6] = (digest[6] & 0x0F) | 0x40;  // of an id that was drawn, as systemd has it
  digest[8] = (digest[8] & 0x3F) | 0x80;
  std::string hex;
  for (std::size_t i = 0; i < key.size(); ++i) {
    char byte[3];
    std::snprintf(byte, sizeof byte, "%02x", digest[i]);
    hex += byte;
  }
  return hex;
}

std::string machine_id() {
  return machine_id_of(first_line("/etc/machine-id"),
                       first_line("/proc/device-tree/serial-number"));
}

}  // namespace bascule
