// The server's end of a WebSocket, for a scripted broker: a frame at a time, right or wrong.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <string>

#include "base64.hpp"
#include "support/scripted_broker.hpp"

namespace bascule::test {

// A frame as a server sends it; `opcode` with 0x80 for the last one of a message.
inline std::string frame(int opcode, const std::string& payload) {
  const std::size_t size = payload.size();
  if (size < 126) return bytes({opcode, static_cast<int>(size)}) + payload;
  const int length_bytes = size < 65'536 ? 2 : 8;
  std::string head = bytes({opcode, length_bytes == 2 ? 126 : 127});
  for (int i = length_bytes - 1; i >= 0; --i) head += static_cast<char>(size >> (8 * i) & 255);
  return head + payload;
}
inline std::string binary(const std::string& payload) { return frame(0x82, payload); }

// What a server appends to the key of a client (RFC 6455, section 1.3).
inline std::string accept_key(const std::string& key) {
  const std::string whole = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(whole.data(), whole.size(), digest, &size, EVP_sha1(), nullptr);
  return to_base64({reinterpret_cast<char*>(digest), size});
}

class WebSocketPeer {
 public:
  explicit WebSocketPeer(const Peer& peer) : peer_(peer) {}

  // The head of a request.
  std::string read_request() const {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      const auto one = peer_.read(1);
      if (one.empty()) break;
      head += one;
    }
    return head;
  }

  static std::string field(const std::string& head, const std::string& name) {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == head.npos) return "";
    const auto begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }

  // `more`: lines of the answer, each with its end. The request.
  std::string accept(const std::string& more = "Sec-WebSocket-Protocol: mqtt\r\n") const {
    const auto request = read_request();
    peer_.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
               more + "Sec-WebSocket-Accept: " + accept_key(field(request, "Sec-WebSocket-Key")) +
               "\r\n\r\n");
    return request;
  }

  // The next frame's first byte; its payload goes to `payload`. -1: the client has closed, or its
  // frame is not masked.
  int read_frame(std::string& payload) const {
    const auto head = peer_.read(2);
    if (head.size() < 2 || !(head[1] & 0x80)) return -1;
    std::uint64_t size = head[1] & 0x7f;
    if (size > 125) {
      std::uint64_t length = 0;
      for (const unsigned char c : peer_.read(size == 126 ? 2 : 8)) length = length << 8 | c;
      size = length;
    }
    const auto mask = peer_.read(4);
    payload = peer_.read(size);
    for (std::size_t i = 0; i < payload.size(); ++i) {
      payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    }
    return static_cast<unsigned char>(head[0]);
  }

  // So many bytes of binary frames, or fewer if the client closes.
  std::string read(std::size_t count) const {
    while (rest_.size() < count) {
      std::string payload;
      const int opcode = read_frame(payload);
      if (opcode != 0x82) break;
      rest_ += payload;
    }
    const auto taken = rest_.substr(0, count);
    rest_.erase(0, taken.size());
    return taken;
  }

  std::string read_packet() const {
    auto packet = read(2);
    if (packet.size() < 2) return "";
    std::size_t length = packet[1] & 127;
    for (int shift = 7; packet.back() & 128; shift += 7) {
      packet += read(1);
      length |= static_cast<std::size_t>(packet.back() & 127) << shift;
    }
    return packet + read(length);
  }

  void send(const std::string& data) const { peer_.send(data); }

  // As far as the point where it is up, with one subscription.
  void bring_up() const {
    accept();
    read_packet();
    send(binary(welcome));
    read_packet();
    send(binary(granted(1)));
  }

 private:
  const Peer& peer_;
  mutable std::string rest_;
};

}  // namespace bascule::test
