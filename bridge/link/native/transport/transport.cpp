#include "link/native/transport/transport.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "link/loop_context.hpp"
#include "link/native/transport/certificate.hpp"
#include "link/native/transport/resolve.hpp"
#include "link/native/transport/tcp_progress.hpp"
#include "link/native/transport/tls_context.hpp"

namespace bascule {

namespace {

using Socket = asio::generic::stream_protocol::socket;
using Endpoint = asio::generic::stream_protocol::endpoint;
using Error = boost::system::error_code;

constexpr std::size_t read_bytes = 256 << 10;
constexpr std::chrono::microseconds gather_time{1000};
constexpr std::size_t write_bytes_kept = 1 << 20;  // a buffer that grew larger is given back

}  // namespace

// Lives as long as an operation on it is under way, or the Transport.
class Transport::Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(Loop& loop, const Url& url, TlsContext context, bool insecure, Handlers handlers)
      : io_(*LoopContext::of(loop)),
        host_(url.host),
        handlers_(std::move(handlers)),
        answers_(loop),
        socket_(io_),
        timer_(io_) {
    if (!url.tls()) return;
    context_ = std::make_unique<asio::ssl::context>(context.release());
    tls_.emplace(socket_, *context_);
    expect_host(tls_->native_handle(), host_, insecure);
  }

  void open(const Url& url, std::chrono::milliseconds timeout) {
    deadline_ = std::chrono::steady_clock::now() + timeout;
    limit_time(deadline_);
    resolve(url, answers_.to([this](Resolved resolved) { this->resolved(std::move(resolved)); }));
  }

  void close() {
    closed_ = true;
    answers_.forget();
    Error ignored;
    timer_.cancel(ignored);
    socket_.close(ignored);
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
    if (!sending_) shut_down();
    read();
  }

  KeepAlive::Progress progress() {
    auto progress = tcp_progress(socket_.native_handle());
    progress.all = progress.all && !sending_;
    return progress;
  }

  std::optional<int> certificate_days_left() {
    return tls_ && open_ ? chain_days_left(tls_->native_handle()) : std::nullopt;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void end(bool by_peer, const std::string& why, bool closed = false) {
    if (closed_) return;
    close();
    handlers_.on_end({by_peer, closed, why});
  }

  // --- opening ---

  void limit_time(Clock::time_point time) {
    timer_.expires_at(time);
    timer_.async_wait([self = shared_from_this()](Error error) {
      if (error || self->closed_ || self->open_) return;
      self->out_of_time();
    });
  }

  void out_of_time() {
    if (next_ == addresses_.size() || Clock::now() >= deadline_) {
      return end(false, "no answer within the time limit");
    }
    Error ignored;
    socket_.close(ignored);  // the next address is tried then
  }

  void resolved(Resolved resolved) {
    if (resolved.addresses.empty()) return end(false, resolved.error);
    addresses_ = std::move(resolved.addresses);
    try_next();
  }

  // Each address gets its share of the time that is left.
  void try_next() {
    const auto now = Clock::now();
    const auto left = static_cast<Clock::rep>(addresses_.size() - next_);
    limit_time(now + (deadline_ - now) / left);
    const Address& address = addresses_[next_++];
    Error ignored;
    socket_.close(ignored);
    socket_.async_connect(Endpoint(&address.bytes, address.size),
                          [self = shared_from_this()](Error error) { self->connected(error); });
  }

  void connected(Error error) {
    if (closed_) return;
    if (error && next_ < addresses_.size()) return try_next();
    if (error == asio::error::operation_aborted) {
      return end(false, "no answer within the time limit");
    }
    if (error) return end(false, "cannot connect: " + error.message());
    limit_time(deadline_);
    Error ignored;  // it is no TCP socket, then
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (!tls_) return opened();
    tls_->async_handshake(asio::ssl::stream_base::client,
                          [self = shared_from_this()](Error failure) { self->shaken(failure); });
  }

  void shaken(Error error) {
    if (closed_) return;
    if (!error) return opened();
    end(false, describe_handshake(tls_->native_handle(), host_, error));
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
    auto done = [self = shared_from_this()](Error error, std::size_t count) {
      self->reading_ = false;
      self->have_read(error, count);
    };
    if (tls_) {
      tls_->async_read_some(space, std::move(done));
    } else {
      socket_.async_read_some(space, std::move(done));
    }
  }

  void have_read(Error error, std::size_t count) {
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

  void broken(Error error) {
    if (const auto alert = describe_alert(error); !alert.empty()) return end(false, alert);
    const bool ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    // What came too late for the broker is answered with a reset.
    const bool reset = error == asio::error::connection_reset || error == asio::error::broken_pipe;
    end(true,
        ended ? "the broker closed the connection" : "the connection was lost: " + error.message(),
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
    auto done = [self = shared_from_this()](Error error, std::size_t count) {
      self->have_written(error, count);
    };
    if (tls_) {
      tls_->async_write_some(bytes, std::move(done));
    } else {
      socket_.async_write_some(bytes, std::move(done));
    }
  }

  void have_written(Error error, std::size_t count) {
    if (closed_) return;
    if (error) return broken(error);
    written_ += count;
    if (written_ < writing_.size()) return write();
    handlers_.on_written(taken_);
    if (closed_) return;
    if (!pending_.empty()) return write();
    sending_ = false;
    if (finishing_) shut_down();
  }

  void shut_down() {
    Error ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
  }

  asio::io_context& io_;
  std::string host_;
  Handlers handlers_;
  Loop::Answers answers_;
  Socket socket_;
  std::unique_ptr<asio::ssl::context> context_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
  asio::steady_timer timer_;
  Clock::time_point deadline_;
  std::vector<Address> addresses_;
  std::size_t next_ = 0;  // the address to try next
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

Transport::Transport(Loop& loop, const Url& url, TlsContext context, bool insecure,
                     std::chrono::milliseconds timeout, Handlers handlers)
    : stream_(
          std::make_shared<Stream>(loop, url, std::move(context), insecure, std::move(handlers))) {
  stream_->open(url, timeout);
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
