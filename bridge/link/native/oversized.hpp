// A PUBLISH that is too large to be taken in: reads past it in constant memory, and keeps what is
// needed to acknowledge it and to say which message it was. On the loop's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "link/codec/packet.hpp"
#include "link/link.hpp"

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace bascule {

class Oversized {
 public:
  // `frame` is too_large, and of type publish.
  Oversized(const Frame& frame, Protocol version);

  // Takes what belongs to the packet off the front of `bytes`, which begin with its fixed header.
  // Returns how many they are.
  std::size_t take(std::span<const char> bytes);

  bool done() const { return taken_ == packet_bytes_; }

  // When done: false, if the packet breaks the rules of MQTT. What the delivery points to lives as
  // long as this. All of it but the tag is filled in.
  bool read(Delivery& delivery);

  std::size_t packet_bytes() const { return packet_bytes_; }

 private:
  void read_head();
  void digest(std::string_view payload);

  struct FreeContext {
    void operator()(evp_md_ctx_st* context) const;
  };

  const Protocol version_;
  const std::uint8_t flags_;
  const std::size_t header_bytes_;
  const std::size_t packet_bytes_;
  std::size_t taken_ = 0;
  std::string head_;  // the beginning of the body
  bool head_read_ = false;
  bool valid_ = false;
  std::size_t payload_begin_ = 0;  // in the body
  Delivery delivery_;
  std::unique_ptr<evp_md_ctx_st, FreeContext> context_;
  std::string digest_;
};

}  // namespace bascule
