// The proof in a stamp: what ties it to the one message that it was put on. User properties are
// copied by third parties, from a request into its answer, from one message into two; a stamp that
// came with a copy must not make the copy look like a repeat or a loop.
//
// It is a digest of the stamp's other fields, the bridges passed, the topic as sent and the
// payload, in base64url (RFC 4648, section 5, no padding):
//
//   without a key  11 characters: XXH3, 64 bits. It tells copies; whoever wants to can forge it.
//   with a key     16 characters: HMAC-SHA-256, the first 96 bits. Only who has the key can make
//   it.
//
// XXH3 is taken of one part after the other (fields, bridges, topic, payload), each with the digest
// before it as the seed, the first with 0; the result goes big-endian into base64url. HMAC is taken
// of the parts with a zero byte between them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace bascule {

class Prover {
 public:
  // An empty key: none. Throws std::runtime_error if OpenSSL cannot be used.
  explicit Prover(std::string_view key = {});
  ~Prover();
  Prover(Prover&&) noexcept;
  Prover& operator=(Prover&&) noexcept;

  // `fields` is ORIGIN/EPOCH/LANE/SEQUENCE/CAPTURED; `via` is empty where the message has none.
  // What is returned lives until the next call. One thread at a time.
  std::string_view prove(std::string_view fields, std::string_view via, std::string_view topic,
                         std::string_view payload);

  // Whether `proof` is what prove() says. Takes the same time wherever they differ.
  bool fits(std::string_view proof, std::string_view fields, std::string_view via,
            std::string_view topic, std::string_view payload);

 private:
  class Hmac;
  std::unique_ptr<Hmac> hmac_;  // null: no key
  std::string text_;
};

// Whether the text could be a proof of either kind.
bool is_proof(std::string_view text);

}  // namespace bascule
