#include "link/native/transport/transport.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "link/connect_settings.hpp"
#include "link/loop_context.hpp"
#include "link/native/transport/certificate.hpp"
#include "link/native/transport/dial.hpp"
#include "link/native/transport/layer/plain_layer.hpp"
#include "link/native/transport/layer/tls_layer.hpp"
#include "link/native/transport/layer/websocket_layer.hpp"
#include "link/native/transport/proxy/proxy.hpp"
#include "link/native/transport/tcp_progress.hpp"

namespace bascule {

namespace {

using Error = Layer::Error;

constexpr std::size_t read_bytes = 256 << 10;
constexpr std::chrono::microseconds gather_time{1000};
constexpr std::size_t write_bytes_kept = 1 << 20;  // a buffer that grew larger is given back

// A proxy on the way, if there is one.
std::optional<ProxyUrl> proxy_of(const LinkSettings& settings, const Url& url) {
  if (settings.proxy.url.empty() || url.scheme == Url::Scheme::unix_socket) return std::nullopt;
  std::string why;
  auto proxy = parse_proxy(settings.proxy.url, &why);
  if (!proxy) throw std::runtime_error("the proxy " + why);
  return proxy;
}

std::string proxy_password(const LinkSettings& settings) {
  const auto& path = settings.proxy.password_file;
  return path.empty() ? "" : read_password(path, "proxy_password_file");
}

std::shared_ptr<Layer> make_layer(asio::io_context& io, const Url& url, TlsContext context,
                                  const TlsSettings& tls) {
  std::shared_ptr<Layer> layer;
  if (url.tls()) {
    layer = std::make_shared<TlsLayer>(io, std::move(context), url.host, tls.insecure);
  } else {
    layer = std::make_shared<PlainLayer>(io);
  }
  return url.websocket() ? make_websocket_layer(io, std::move(layer), url) : layer;
}

}  // namespace

// Lives as long as an operation on it is under way, or the Transport.
class Transport::Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(Loop& loop, const Url& url, const LinkSettings& settings, TlsContext context,
         Handlers handlers)
      : io_(*LoopContext::of(loop)),
        url_(url),
        proxy_(proxy_of(settings, url)),
        proxy_password_(proxy_ ? proxy_password(settings) : ""),
        handlers_(std::move(handlers)),
        layer_(make_layer(io_, url, std::move(context), settings.tls)),
        dial_(std::make_shared<Dial>(loop, layer_->socket(), settings.bind_address)),
        timer_(io_) {}

  void open(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    Url first = url_;
    if (proxy_) first = {Url::Scheme::mqtt, proxy_->host, proxy_->port, ""};
    dial_->start(first, deadline, [self = shared_from_this(), deadline](const std::string& why) {
      if (!why.empty()) return self->end(false, self->proxy_ ? self->of_proxy(why) : why);
      self->limit_time(deadline);
      self->connected();
    });
  }

  void close() {
    closed_ = true;
    dial_->close();
    Error ignored;
    timer_.cancel(ignored);
    layer_->close();
  }

  std::string& out() { return pending_; }
  std::uint64_t position() const { return taken_ + pending_.size(); }

  void send() {
    if (!open_ || sending_ || pending_.empty()) return;
    sending_ = true;
    asio::post(io_, [self = shared_from_this()] { self->write(); });
  }

  void hold(bool held) {
    held_ = held;
    if (held || reading_) return;
    if (filled_ == 0) return read();
    // What was read before and not taken.
    asio::post(io_, [self = shared_from_this()] {
      if (!self->held_ && !self->reading_) self->have_read({}, 0);
    });
  }

  void gather(bool gathering) { gathering_ = gathering; }

  void finish() {
    finishing_ = true;
    held_ = false;
    send();
    if (!sending_) layer_->shut_down();
    read();
  }

  KeepAlive::Progress progress() {
    auto progress = tcp_progress(layer_->socket().native_handle());
    progress.all = progress.all && !sending_;
    return progress;
  }

  std::optional<int> certificate_days_left() {
    auto* const session = layer_->session();
    return session && open_ ? chain_days_left(session) : std::nullopt;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void end(bool by_peer, const std::string& why, bool closed = false) {
    if (closed_) return;
    close();
    handlers_.on_end({by_peer, closed, why});
  }

  // --- opening ---

  std::string of_proxy(const std::string& why) const {
    return "the proxy " + proxy_->host + ':' + std::to_string(proxy_->port) + ": " + why;
  }

  void limit_time(Clock::time_point deadline) {
    timer_.expires_at(deadline);
    timer_.async_wait([self = shared_from_this()](const Error& error) {
      if (error || self->open_) return;
      const std::string why = "no answer within the time limit";
      self->end(false, self->asking_proxy_ ? self->of_proxy(why) : why);
    });
  }

  void connected() {
    if (!proxy_) return open_layer();
    asking_proxy_ = true;
    const bool http = proxy_->scheme == ProxyUrl::Scheme::http;
    (http ? ask_http_proxy : ask_socks_proxy)(layer_->socket(), *proxy_, proxy_password_, url_,
                                              [self = shared_from_this()](const std::string& why) {
                                                if (self->closed_) return;
                                                self->asking_proxy_ = false;
                                                if (why.empty()) return self->open_layer();
                                                self->end(false, self->of_proxy(why));
                                              });
  }

  void open_layer() {
    layer_->open([self = shared_from_this()](const std::string& why) {
      if (self->closed_) return;
      if (!why.empty()) return self->end(false, why);
      self->opened();
    });
  }

  void opened() {
    open_ = true;
    timer_.cancel();
    buffer_ = std::make_unique_for_overwrite<char[]>(read_bytes);
    capacity_ = read_bytes;
    handlers_.on_open();
    read();
  }

  // --- reading ---

  void read() {
    if (!open_ || closed_ || held_ || reading_) return;
    reading_ = true;
    const auto space = asio::buffer(buffer_.get() + filled_, capacity_ - filled_);
    layer_->read(space, [self = shared_from_this()](const Error& error, std::size_t count) {
      self->reading_ = false;
      self->have_read(error, count);
    });
  }

  void have_read(const Error& error, std::size_t count) {
    if (closed_) return;
    if (error) return broken(error);
    filled_ += count;
    const auto used = handlers_.on_bytes({buffer_.get(), filled_});
    if (closed_) return;
    filled_ -= used;
    if (used > 0 && filled_ > 0) std::memmove(buffer_.get(), buffer_.get() + used, filled_);
    fit_buffer();
    if (!gathering_) return read();
    // After what this read has made to be written is on its way.
    asio::post(io_, [self = shared_from_this()] {
      if (self->gathering_) std::this_thread::sleep_for(gather_time);
      self->read();
    });
  }

  // Twice as large for a packet that does not fit, which comes in no faster than that; as it was
  // when it is through.
  void fit_buffer() {
    const auto wanted = filled_ == capacity_   ? capacity_ * 2
                        : filled_ < read_bytes ? read_bytes
                                               : capacity_;
    if (wanted == capacity_) return;
    auto buffer = std::make_unique_for_overwrite<char[]>(wanted);
    std::memcpy(buffer.get(), buffer_.get(), filled_);
    buffer_ = std::move(buffer);
    capacity_ = wanted;
  }

  void broken(const Error& error) {
    if (const auto fault = layer_->describe(error); !fault.empty()) return end(false, fault);
    const bool ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    // What came too late for the broker is answered with a reset.
    const bool reset = error == asio::error::connection_reset || error == asio::error::broken_pipe;
    end(true,
        ended ? "the broker closed the connection" + layer_->farewell()
              : "the connection was lost: " + error.message(),
        ended || reset);
  }

  // --- writing ---

  void write() {
    if (closed_) return;
    if (written_ == writing_.size()) {
      written_ = 0;
      writing_.clear();
      if (writing_.capacity() > write_bytes_kept) writing_.shrink_to_fit();
      writing_.swap(pending_);
      taken_ += writing_.size();
    }
    const auto bytes = asio::buffer(writing_.data() + written_, writing_.size() - written_);
    layer_->write(bytes, [self = shared_from_this()](const Error& error, std::size_t count) {
      self->have_written(error, count);
    });
  }

  void have_written(const Error& error, std::size_t count) {
    if (closed_) return;
    if (error) return broken(error);
    written_ += count;
    if (written_ < writing_.size()) return write();
    handlers_.on_written(taken_);
    if (closed_) return;
    if (!pending_.empty()) return write();
    sending_ = false;
    if (finishing_) layer_->shut_down();
  }

  asio::io_context& io_;
  const Url url_;
  const std::optional<ProxyUrl> proxy_;
  const std::string proxy_password_;
  Handlers handlers_;
  const std::shared_ptr<Layer> layer_;
  const std::shared_ptr<Dial> dial_;
  asio::steady_timer timer_;
  bool asking_proxy_ = false;
  bool open_ = false;
  bool closed_ = false;
  bool held_ = false;
  bool gathering_ = false;
  bool reading_ = false;
  bool sending_ = false;
  bool finishing_ = false;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t filled_ = 0;
  std::string pending_;
  std::string writing_;
  std::size_t written_ = 0;  // of writing_
  std::uint64_t taken_ = 0;  // out of pending_, since the beginning
};

Transport::Transport(Loop& loop, const Url& url, const LinkSettings& settings, TlsContext context,
                     std::chrono::milliseconds timeout, Handlers handlers)
    : stream_(
          std::make_shared<Stream>(loop, url, settings, std::move(context), std::move(handlers))) {
  stream_->open(timeout);
}

Transport::~Transport() { stream_->close(); }
std::string& Transport::out() { return stream_->out(); }
std::uint64_t Transport::position() const { return stream_->position(); }
void Transport::send() { stream_->send(); }
void Transport::hold(bool held) { stream_->hold(held); }
void Transport::gather(bool gathering) { stream_->gather(gathering); }
void Transport::finish() { stream_->finish(); }
KeepAlive::Progress Transport::progress() const { return stream_->progress(); }
std::optional<int> Transport::certificate_days_left() const {
  return stream_->certificate_days_left();
}

}  // namespace bascule
