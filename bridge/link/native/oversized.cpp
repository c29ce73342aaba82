#include "link/native/oversized.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "link/codec/decode.hpp"
#include "link/codec/reader.hpp"

namespace bascule {

namespace {

// Topic, packet id, properties of a decent size, and the payload's first 64 KiB.
constexpr std::size_t head_bytes_max = 256 << 10;
constexpr std::size_t payload_bytes_kept = 64 << 10;

}  // namespace

void Oversized::FreeContext::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Oversized::Oversized(const Frame& frame, Protocol version)
    : version_(version),
      flags_(frame.flags),
      header_bytes_(frame.header),
      packet_bytes_(frame.size),
      context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

std::size_t Oversized::take(std::span<const char> bytes) {
  const auto count = std::min(bytes.size(), packet_bytes_ - taken_);
  const auto skipped = std::min(count, header_bytes_ - std::min(header_bytes_, taken_));
  std::string_view body(bytes.data() + skipped, count - skipped);
  taken_ += count;
  const auto to_head =
      std::min(body.size(), head_bytes_max - std::min(head_bytes_max, head_.size()));
  if (!head_read_) {
    head_ += body.substr(0, to_head);
    body.remove_prefix(to_head);
    if (head_.size() == head_bytes_max || done()) read_head();
  }
  if (head_read_) {
    // Properties that are larger than the head are passed by, too.
    const auto before = taken_ - header_bytes_ - body.size();
    const auto not_payload = payload_begin_ - std::min(payload_begin_, before);
    digest(body.substr(std::min(body.size(), not_payload)));
  }
  return count;
}

void Oversized::read_head() {
  head_read_ = true;
  Reader in(head_);
  const auto topic = in.text();
  const auto qos = static_cast<Qos>(flags_ >> 1 & 3);
  const auto id = qos == Qos::at_most_once ? std::uint16_t{1} : in.u16();
  const std::size_t properties = version_ == Protocol::v5 ? in.variable() : 0;
  payload_begin_ = head_.size() - in.rest().size() + properties;
  valid_ = in.ok() && id != 0 && payload_begin_ <= packet_bytes_ - header_bytes_;
  if (!valid_) return;
  if (payload_begin_ <= head_.size()) {
    valid_ = decode_publish(flags_, head_, version_, delivery_);
    digest(std::string_view(head_).substr(payload_begin_));
  } else {  // they are not kept
    delivery_.message.topic = topic;
    delivery_.message.qos = qos;
    delivery_.message.retain = (flags_ & 1) != 0;
    delivery_.duplicate = (flags_ & 8) != 0;
    delivery_.packet_id = qos == Qos::at_most_once ? std::uint16_t{0} : id;
  }
  delivery_.message.payload = delivery_.message.payload.substr(0, payload_bytes_kept);
}

void Oversized::digest(std::string_view payload) {
  EVP_DigestUpdate(context_.get(), payload.data(), payload.size());
}

bool Oversized::read(Delivery& delivery) {
  if (!valid_) return false;
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned length = 0;
  EVP_DigestFinal_ex(context_.get(), hash.data(), &length);
  constexpr char digits[] = "0123456789abcdef";
  for (unsigned i = 0; i < length; ++i) {
    digest_ += digits[hash[i] >> 4];
    digest_ += digits[hash[i] & 15];
  }
  delivery = delivery_;
  delivery.whole_bytes = packet_bytes_ - header_bytes_ - payload_begin_;
  delivery.digest = digest_;
  return true;
}

}  // namespace bascule
