#include "stick/stick_reader.hpp"

#include <openssl/evp.h>
#include <zstd.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "message/properties.hpp"
#include "message/stamp.hpp"
#include "message/topic.hpp"
#include "stick/layout.hpp"

namespace bascule {
namespace {

using nlohmann::json;

[[noreturn]] void damaged(const std::string& how) {
  throw StickError("the stick is damaged (" + how + "): copy it again, or export again");
}

[[noreturn]] void no_stick() {
  throw StickError("that is nothing that 'bascule journal export' has written");
}

// Where the site would publish its own: nothing that a subscription reads as more than a topic.
bool plain_topic(std::string_view topic) {
  return topic.empty() || (valid_topic(topic) && !topic.starts_with('$'));
}

bool can_be_stamped(const StickHead& head, std::string_view lane) {
  return parse_stamp(format_stamp({head.bridge, head.epoch, lane, 1, 0})).has_value();
}

std::uint64_t number_at(const char* bytes, int size) {
  std::uint64_t number = 0;
  for (int i = size - 1; i >= 0; --i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

}  // namespace

class StickReader::Stream {
 public:
  explicit Stream(Source source) : source_(std::move(source)) {
    if (!zstd_ || !hash_ || EVP_DigestInit_ex(hash_.get(), EVP_sha256(), nullptr) != 1) {
      throw StickError("zstd or SHA-256 cannot be used here");
    }
  }

  void read(char* to, std::size_t bytes) {
    ZSTD_outBuffer out{to, bytes, 0};
    while (out.pos < out.size) {
      if (in_.pos == in_.size && !more()) damaged("it ends too early");
      left_ = ZSTD_decompressStream(zstd_.get(), &out, &in_);
      if (ZSTD_isError(left_) != 0) {
        if (!begun_) no_stick();
        damaged(ZSTD_getErrorName(left_));
      }
      if (left_ == 0 && out.pos < out.size) damaged("it ends too early");
      begun_ = true;
    }
  }

  void hash_in(std::string_view bytes) {
    EVP_DigestUpdate(hash_.get(), bytes.data(), bytes.size());
  }

  std::string hash() {
    std::string hash(stick_hash_bytes, '\0');
    EVP_DigestFinal_ex(hash_.get(), reinterpret_cast<unsigned char*>(hash.data()), nullptr);
    return hash;
  }

  // The checksum of the frame has been read, and nothing is behind it.
  void expect_end() {
    char none = 0;
    ZSTD_outBuffer out{&none, 1, 0};
    while (left_ != 0) {
      if (in_.pos == in_.size && !more()) damaged("it ends too early");
      left_ = ZSTD_decompressStream(zstd_.get(), &out, &in_);
      if (ZSTD_isError(left_) != 0) damaged(ZSTD_getErrorName(left_));
      if (out.pos != 0) damaged("something stands behind its end");
    }
    if (in_.pos != in_.size || more()) damaged("something stands behind its end");
  }

 private:
  bool more() {
    in_ = {buffer_.data(), source_(buffer_.data(), buffer_.size()), 0};
    return in_.size > 0;
  }

  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  Source source_;
  std::unique_ptr<ZSTD_DCtx, Free> zstd_{ZSTD_createDCtx()};
  std::unique_ptr<EVP_MD_CTX, Free> hash_{EVP_MD_CTX_new()};
  std::string buffer_ = std::string(ZSTD_DStreamInSize(), '\0');
  ZSTD_inBuffer in_{nullptr, 0, 0};
  std::size_t left_ = 1;  // of the frame, as far as zstd knows; 0: all has been read
  bool begun_ = false;
};

StickReader::StickReader(Source source) : stream_(std::make_unique<Stream>(std::move(source))) {
  std::string magic(stick_magic.size(), '\0');
  stream_->read(magic.data(), magic.size());
  stream_->hash_in(magic);
  if (magic.substr(0, magic.size() - 1) != stick_magic.substr(0, magic.size() - 1)) no_stick();
  if (magic.back() != stick_magic.back()) {
    throw StickError("the stick's format is of version " + std::to_string(+magic.back()) +
                     ", which this bascule does not know: install a newer one");
  }
  if (read_frame() != 'H') damaged("no head");
  read_head();
}

StickReader::~StickReader() = default;

// The end's own bytes are not in its hash.
char StickReader::read_frame() {
  char begin[5];
  stream_->read(begin, 5);
  const std::uint64_t length = number_at(begin, 4);
  const std::size_t most = begin[4] == 'M' ? stick_frame_bytes_max : stick_text_bytes_max;
  if (length == 0 || length > most) damaged("a length");
  frame_.resize(length - 1);
  stream_->read(frame_.data(), frame_.size());
  if (begin[4] != 'E') {
    stream_->hash_in({begin, 5});
    stream_->hash_in(frame_);
  }
  return begin[4];
}

void StickReader::read_head() {
  try {
    const json head = json::parse(frame_);
    head_ = {head.at("bridge"), head.at("epoch"),   head.at("marked"), head.at("bookmark"),
             head.at("state"),  head.at("made_ms"), head.at("stamps"), {}};
    for (const auto& [lane, cursor] : head.at("cursors").items()) {
      head_.cursors[lane] = cursor.get<std::uint64_t>();
    }
  } catch (const json::exception&) {
    damaged("its head");
  }
  if (!plain_topic(head_.bookmark) || !plain_topic(head_.state) ||
      !can_be_stamped(head_, "default")) {
    damaged("its head");
  }
}

void StickReader::read_lane() {
  try {
    const json lane = json::parse(frame_);
    lane_ = {lane.at("name"), lane.at("first"), lane.at("last"), lane.at("cursor")};
  } catch (const json::exception&) {
    damaged("a lane");
  }
  if (lane_.first == 0 || lane_.first > lane_.last + 1 || !can_be_stamped(head_, lane_.name)) {
    damaged("a lane");
  }
  least_ = lane_.first;
  in_lane_ = true;
}

void StickReader::read_message() {
  if (!in_lane_ || frame_.size() < stick_message_head_bytes) damaged("a message");
  const char* const bytes = frame_.data();
  message_.sequence = number_at(bytes, 8);
  message_.aged_ms = static_cast<std::int64_t>(number_at(bytes + 8, 8));
  const std::uint64_t flags = number_at(bytes + 16, 1);
  const std::size_t topic = number_at(bytes + 17, 2), properties = number_at(bytes + 19, 4);
  const std::string_view rest = std::string_view(frame_).substr(stick_message_head_bytes);
  if (rest.size() < topic + properties || (flags & 3) > 2 || flags > 7 ||
      message_.sequence < least_ || message_.sequence > lane_.last) {
    damaged("a message");
  }
  least_ = message_.sequence + 1;
  message_.message = {rest.substr(0, topic), rest.substr(topic + properties),
                      rest.substr(topic, properties), static_cast<Qos>(flags & 3),
                      (flags & stick_retain) != 0};
  if (!valid_topic(message_.message.topic) || !valid_properties(message_.message.properties)) {
    damaged("a message");
  }
  ++messages_;
}

void StickReader::read_end() {
  if (frame_.size() < stick_hash_bytes) damaged("its end");
  const std::size_t text = frame_.size() - stick_hash_bytes;
  hash_ = stream_->hash();
  if (frame_.substr(text) != hash_) damaged("its checksum");
  const json end = json::parse(frame_.substr(0, text), nullptr, false);
  if (!end.is_object() || end.value("messages", json()) != messages_) damaged("its end");
  const json proof = end.value("proof", json(""));
  if (!proof.is_string()) damaged("its end");
  proof_ = proof.get<std::string>();
  stream_->expect_end();
}

bool StickReader::proven(Prover& key) const {
  return key.fits(proof_, stick_proof_fields, "", "", hash_);
}

StickReader::Next StickReader::next() {
  switch (read_frame()) {
    case 'L':
      read_lane();
      return Next::lane;
    case 'M':
      read_message();
      return Next::message;
    case 'E':
      read_end();
      return Next::end;
    default:
      damaged("a frame of no known kind");
  }
}

}  // namespace bascule
