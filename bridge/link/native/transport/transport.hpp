// The bytes of one connection to a broker: over TCP, TLS on TCP, a WebSocket on one of these, or a
// Unix socket; perhaps through a proxy. Reads into one buffer, and gathers what is written during a
// turn of the loop into one write. On the loop's thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "link/link.hpp"
#include "link/native/keep_alive.hpp"
#include "link/native/transport/tls_context.hpp"
#include "link/native/wire.hpp"
#include "link/url.hpp"

namespace bascule {

class Transport : public Wire {
 public:
  struct End {
    bool by_peer = false;  // the broker closed an open connection, or the network did
    bool closed = false;   // by_peer, and it was no timeout
    std::string why;
  };

  struct Handlers {
    std::function<void()> on_open;
    // Bytes that came. Returns how many of them are done with; the others come again, at the
    // front, when there are more. Views into them live until the call returns.
    std::function<std::size_t(std::span<char>)> on_bytes;
    std::function<void(std::uint64_t position)> on_written;  // all up to there
    std::function<void(const End&)> on_end;  // once, and then nothing more is called
  };

  // The connection must be open after `timeout`. `context` is for TLS, if the URL wants it; of
  // `settings` it takes what is said of TLS, proxy and bind_address. Throws std::runtime_error with
  // one sentence if no certificate can be for the host, or a file cannot be read. No handler is
  // called before this returns.
  Transport(Loop& loop, const Url& url, const LinkSettings& settings, TlsContext context,
            std::chrono::milliseconds timeout, Handlers handlers);
  ~Transport() override;  // closes at once; no handler is called any more
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  std::string& out() override;  // goes out after send()
  void send();
  std::uint64_t position() const override;

  // While held nothing is read, and the broker has to wait. What on_bytes left then comes again
  // when it ends.
  void hold(bool held);

  // While gathering, the loop's thread rests a little between one read and the next, so that each
  // brings more: brokers send packet by packet, and waking for each costs both ends more than
  // all that is done with it.
  void gather(bool gathering);

  // Sends what is in out(), then says to the other end that nothing more comes. on_end follows when
  // the other end closes.
  void finish();

  KeepAlive::Progress progress() const;

  // Of the broker's certificates, once it is open over TLS; else nothing: certificate.hpp.
  std::optional<int> certificate_days_left() const;

 private:
  class Stream;
  std::shared_ptr<Stream> stream_;
};

}  // namespace bascule
