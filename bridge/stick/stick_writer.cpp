#include "stick/stick_writer.hpp"

#include <openssl/evp.h>
#include <zstd.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "stick/layout.hpp"

namespace bascule {
namespace {

constexpr int level = 6;

template <class Number>
void put(std::string& bytes, Number number, int size) {
  for (int i = 0; i < size; ++i) {
    bytes.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> 8 * i));
  }
}

}  // namespace

// The content on its way into the file: hashed, then compressed.
class StickWriter::Stream {
 public:
  explicit Stream(Sink sink) : sink_(std::move(sink)) {
    if (!zstd_ || !hash_ || EVP_DigestInit_ex(hash_.get(), EVP_sha256(), nullptr) != 1) {
      throw StickError("zstd or SHA-256 cannot be used here");
    }
    ZSTD_CCtx_setParameter(zstd_.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(zstd_.get(), ZSTD_c_checksumFlag, 1);
  }

  void write(std::string_view bytes) {
    EVP_DigestUpdate(hash_.get(), bytes.data(), bytes.size());
    compress(bytes, ZSTD_e_continue);
  }

  std::string hash() {
    std::string hash(stick_hash_bytes, '\0');
    EVP_DigestFinal_ex(hash_.get(), reinterpret_cast<unsigned char*>(hash.data()), nullptr);
    return hash;
  }

  void compress(std::string_view bytes, ZSTD_EndDirective how) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (true) {
      ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(zstd_.get(), &out, &in, how);
      if (ZSTD_isError(left) != 0) throw StickError(ZSTD_getErrorName(left));
      if (out.pos > 0) sink_({buffer_.data(), out.pos});
      written_ += out.pos;
      if (how == ZSTD_e_end ? left == 0 : in.pos == in.size) return;
    }
  }

  std::uint64_t written() const { return written_; }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  Sink sink_;
  std::unique_ptr<ZSTD_CCtx, Free> zstd_{ZSTD_createCCtx()};
  std::unique_ptr<EVP_MD_CTX, Free> hash_{EVP_MD_CTX_new()};
  std::string buffer_ = std::string(ZSTD_CStreamOutSize(), '\0');
  std::uint64_t written_ = 0;
};

StickWriter::StickWriter(const StickHead& head, std::string_view by, Sink sink)
    : stream_(std::make_unique<Stream>(std::move(sink))) {
  stream_->write(stick_magic);
  const nlohmann::json json{
      {"bridge", head.bridge},     {"epoch", head.epoch},     {"marked", head.marked},
      {"bookmark", head.bookmark}, {"state", head.state},     {"made_ms", head.made_ms},
      {"stamps", head.stamps},     {"cursors", head.cursors}, {"by", by}};
  frame('H', json.dump());
}

StickWriter::~StickWriter() = default;

std::uint64_t StickWriter::written_bytes() const { return stream_->written(); }

void StickWriter::frame(char letter, std::string_view payload) {
  const std::size_t most = letter == 'M' ? stick_frame_bytes_max : stick_text_bytes_max;
  if (payload.size() >= most) throw StickError("that is more than a stick's format can hold");
  std::string begin;
  put(begin, payload.size() + 1, 4);
  begin.push_back(letter);
  stream_->write(begin);
  stream_->write(payload);
}

void StickWriter::lane(const StickLane& lane) {
  frame(
      'L',
      nlohmann::json{
          {"name", lane.name}, {"first", lane.first}, {"last", lane.last}, {"cursor", lane.cursor}}
          .dump());
}

void StickWriter::message(const StickMessage& message) {
  const Message& what = message.message;
  bytes_.clear();
  put(bytes_, message.sequence, 8);
  put(bytes_, message.aged_ms, 8);
  put(bytes_, static_cast<int>(what.qos) | (what.retain ? stick_retain : 0), 1);
  put(bytes_, what.topic.size(), 2);
  put(bytes_, what.properties.size(), 4);
  bytes_.append(what.topic).append(what.properties).append(what.payload);
  frame('M', bytes_);
  ++messages_;
}

void StickWriter::end(Prover* key) {
  const std::string hash = stream_->hash();
  nlohmann::json json{{"messages", messages_}};
  if (key != nullptr) json["proof"] = std::string(key->prove(stick_proof_fields, "", "", hash));
  const std::string payload = json.dump();
  std::string begin;
  put(begin, payload.size() + stick_hash_bytes + 1, 4);
  begin.push_back('E');
  stream_->compress(begin + payload + hash, ZSTD_e_end);
}

}  // namespace bascule
