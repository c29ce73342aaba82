#include "link/native/transport/layer/websocket_layer.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace bascule {

namespace {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;

constexpr std::size_t piece_bytes = 64 << 10;  // read at once
// Of a message that we send. Some servers take no longer ones.
constexpr std::size_t message_bytes = 64 << 10;
constexpr std::size_t frame_head_bytes = 14;
constexpr std::uint64_t packet_bytes_max = 268'435'460;  // of MQTT

class WebSocketLayer;

// The layer below, as Beast wants it.
class Below {
 public:
  using executor_type = asio::io_context::executor_type;

  explicit Below(WebSocketLayer& owner) : owner_(owner) {}

  executor_type get_executor() const noexcept;
  template <class Buffers, class Handler>
  void async_read_some(const Buffers& space, Handler&& handler);
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& bytes, Handler&& handler);

 private:
  WebSocketLayer& owner_;
};

template <class Handler>
void async_teardown(beast::role_type, Below& below, Handler&& handler);
void beast_close_socket(Below&) {}  // for a time limit, which it is not given

// Brokers send a frame for each packet, and Beast gives one at a time. They are gathered, as long
// as it can go on without waiting for the network, and handed over together.
class WebSocketLayer final : public Layer, public std::enable_shared_from_this<WebSocketLayer> {
 public:
  WebSocketLayer(asio::io_context& io, std::shared_ptr<Layer> below, const Url& url)
      : io_(io),
        below_(std::move(below)),
        path_(url.path.empty() ? "/mqtt" : url.path),
        ws_(*this) {
    host_ = url.host.find(':') == url.host.npos ? url.host : '[' + url.host + ']';
    if (url.port != (url.tls() ? 443 : 80)) host_ += ':' + std::to_string(url.port);
    ws_.binary(true);
    ws_.auto_fragment(false);
    ws_.write_buffer_bytes(message_bytes);
    ws_.read_message_max(packet_bytes_max);
    ws_.set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
      request.set(beast::http::field::sec_websocket_protocol, "mqtt");
    }));
  }

  Socket& socket() override { return below_->socket(); }
  ssl_st* session() override { return below_->session(); }

  void open(Opened opened) override {
    below_->open([this, opened = std::move(opened)](const std::string& why) {
      if (!why.empty()) return opened(why);
      ws_.async_handshake(answer_, host_, path_, [this, opened](const Error& error) {
        opening_ = false;
        opened(error ? refusal(error) : disagreement());
      });
    });
  }

  void read(asio::mutable_buffer space, Moved done) override {
    space_ = space;
    reader_ = std::move(done);
    go_on_soon();
  }

  void write(asio::const_buffer bytes, Moved done) override {
    ws_.async_write_some(true, asio::buffer(bytes, message_bytes), std::move(done));
  }

  void shut_down() override {
    if (std::exchange(closing_, true)) return;
    ws_.async_close(websocket::close_code::normal, [self = shared_from_this()](const Error&) {});
  }

  // What Beast waits for holds the layer, which holds that: it must have its answer in any case.
  void close() override {
    closed_ = true;
    reader_ = nullptr;
    below_->close();
    if (!wanting_) return;
    asio::post(io_, [wanting = std::exchange(wanting_, nullptr)] {
      wanting(asio::error::operation_aborted);
    });
  }

  std::string describe(const Error& error) const override {
    if (!fault_.empty()) return fault_;
    if (error == websocket::condition::protocol_violation) {
      return "the broker breaks the rules of WebSocket: " + error.message();
    }
    return below_->describe(error);
  }

  std::string farewell() const override { return farewell_; }

 private:
  friend class Below;

  // --- the handshake ---

  std::string refusal(const Error& error) const {
    if (error == websocket::error::upgrade_declined) {
      return "the broker does not speak WebSocket at " + path_ + ": it answers " +
             std::to_string(answer_.result_int()) + ' ' + std::string(answer_.reason()) +
             " (is the path in the url right?)";
    }
    if (auto why = below_->describe(error); !why.empty()) return why;
    if (error == asio::error::eof || error == asio::error::connection_reset ||
        error == beast::http::error::end_of_stream || error == asio::ssl::error::stream_truncated) {
      return "the broker closed the connection (does it speak WebSocket on this port?)";
    }
    return "the broker does not speak WebSocket on this port: " + error.message();
  }

  std::string disagreement() const {
    const auto agreed = answer_[beast::http::field::sec_websocket_protocol];
    if (agreed == "mqtt") return "";
    return "the server at " + path_ + " speaks WebSocket, but not MQTT over it: it " +
           (agreed.empty() ? "names no subprotocol"
                           : "names the subprotocol " + std::string(agreed)) +
           ", not mqtt";
  }

  // --- reading ---

  void go_on_soon() {
    asio::post(io_, [self = shared_from_this()] { self->go_on(); });
  }

  void go_on() {
    if (opening_) return fetch();
    if (!reader_ || (unframing_ && !wanting_)) return;
    if (!unframing_ && !error_ && filled_ < payload_.size()) return unframe();
    if (given_ < filled_ || error_) return give();
    fetch();
  }

  void unframe() {
    unframing_ = true;
    ws_.async_read_some(asio::buffer(payload_) + filled_,
                        [self = shared_from_this()](const Error& error, std::size_t count) {
                          self->unframed(error, count);
                        });
  }

  void unframed(const Error& error, std::size_t count) {
    unframing_ = false;
    if (given_ == filled_) {  // to the front with it
      std::memmove(payload_.data(), payload_.data() + filled_, count);
      given_ = filled_ = 0;
    }
    filled_ += count;
    if (error) {
      ended(error);
    } else if (count > 0 && ws_.got_text()) {
      filled_ -= count;
      fault_ = "the broker sent text over the WebSocket, where MQTT sends binary frames";
      error_ = websocket::error::bad_opcode;
    }
    go_on();
  }

  void ended(const Error& error) {
    error_ = error;
    if (error == websocket::error::message_too_big) {
      fault_ = "the broker sent a WebSocket message that is larger than any packet of MQTT";
    } else if (error == websocket::error::closed) {
      error_ = asio::error::eof;
      const websocket::close_reason& reason = ws_.reason();
      if (reason.code != websocket::close_code::none) {
        farewell_ = ": WebSocket code " + std::to_string(reason.code);
        if (!reason.reason.empty()) farewell_ += ", " + std::string(reason.reason.c_str());
      }
    } else if (closing_) {
      error_ = asio::error::eof;
    }
  }

  void give() {
    const auto count = std::min(space_.size(), filled_ - given_);
    std::memcpy(space_.data(), payload_.data() + given_, count);
    given_ += count;
    if (!unframing_ && given_ == filled_) given_ = filled_ = 0;
    const auto done = std::exchange(reader_, nullptr);
    done(count > 0 ? Error() : error_, count);
  }

  // Beast has no bytes left and wants some.
  void fetch() {
    if (fetching_ || !wanting_) return;
    fetching_ = true;
    below_->read(asio::buffer(piece_),
                 [self = shared_from_this()](const Error& error, std::size_t count) {
                   self->fetching_ = false;
                   self->taken_ = 0;
                   self->fetched_ = error ? 0 : count;
                   const auto wanting = std::exchange(self->wanting_, nullptr);
                   if (wanting) wanting(error);
                 });
  }

  asio::io_context& io_;
  std::shared_ptr<Layer> below_;
  std::string path_;
  std::string host_;
  bool opening_ = true;
  bool closing_ = false;  // we do
  bool closed_ = false;

  // From below: fetched, and taken by Beast of it.
  std::vector<char> piece_ = std::vector<char>(piece_bytes);
  std::size_t taken_ = 0;
  std::size_t fetched_ = 0;
  bool fetching_ = false;
  std::function<void(const Error&)> wanting_;
  std::vector<char> flat_ = std::vector<char>(message_bytes + frame_head_bytes);  // to below

  // Out of the frames, and given to the reader of it. While Beast unframes, it may write behind
  // what is filled.
  std::vector<char> payload_ = std::vector<char>(piece_bytes);
  std::size_t given_ = 0;
  std::size_t filled_ = 0;
  bool unframing_ = false;
  asio::mutable_buffer space_;
  Moved reader_;

  Error error_;  // after what is filled
  std::string fault_;
  std::string farewell_;
  websocket::response_type answer_;
  websocket::stream<Below, false> ws_;  // without compression
};

Below::executor_type Below::get_executor() const noexcept { return owner_.io_.get_executor(); }

template <class Buffers, class Handler>
void Below::async_read_some(const Buffers& space, Handler&& handler) {
  using Own = std::decay_t<Handler>;
  const auto take = [&owner = owner_](const Buffers& wanted) {
    const auto there =
        asio::buffer(owner.piece_.data() + owner.taken_, owner.fetched_ - owner.taken_);
    const auto count = asio::buffer_copy(wanted, there);
    owner.taken_ += count;
    return count;
  };
  if (owner_.closed_) {
    const Layer::Error aborted = asio::error::operation_aborted;
    asio::post(owner_.io_, beast::bind_front_handler(Own(std::forward<Handler>(handler)), aborted,
                                                     std::size_t{0}));
    return;
  }
  if (owner_.taken_ < owner_.fetched_) {
    const auto count = take(space);
    asio::post(owner_.io_, beast::bind_front_handler(Own(std::forward<Handler>(handler)),
                                                     Layer::Error(), count));
    return;
  }
  // A std::function must be able to copy what it calls; a handler of Beast cannot be copied.
  const auto own = std::make_shared<Own>(std::forward<Handler>(handler));
  owner_.wanting_ = [own, space, take](const Layer::Error& error) {
    const auto count = error ? 0 : take(space);
    Own last(std::move(*own));
    last(error, count);
  };
  owner_.go_on_soon();
}

template <class Buffers, class Handler>
void Below::async_write_some(const Buffers& bytes, Handler&& handler) {
  using Own = std::decay_t<Handler>;
  const auto count = asio::buffer_copy(asio::buffer(owner_.flat_), bytes);  // in one piece
  const auto own = std::make_shared<Own>(std::forward<Handler>(handler));
  owner_.below_->write(
      asio::buffer(owner_.flat_, count),
      [self = owner_.shared_from_this(), own](const Layer::Error& error, std::size_t written) {
        Own last(std::move(*own));
        last(error, written);
      });
}

// What Beast does in the end: nothing, for whoever has the layer closes it.
template <class Handler>
void async_teardown(beast::role_type, Below& below, Handler&& handler) {
  asio::post(below.get_executor(),
             beast::bind_front_handler(std::decay_t<Handler>(std::forward<Handler>(handler)),
                                       Layer::Error()));
}

}  // namespace

std::shared_ptr<Layer> make_websocket_layer(asio::io_context& io, std::shared_ptr<Layer> below,
                                            const Url& url) {
  return std::make_shared<WebSocketLayer>(io, std::move(below), url);
}

}  // namespace bascule
