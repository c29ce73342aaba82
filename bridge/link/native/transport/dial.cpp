#include "link/native/transport/dial.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <utility>

#include "link/loop_context.hpp"

namespace bascule {

namespace {

using Endpoint = asio::generic::stream_protocol::endpoint;

const std::string too_late = "no answer within the time limit";

}  // namespace

Dial::Dial(Loop& loop, Layer::Socket& socket, std::string bind_address)
    : socket_(socket),
      bind_address_(std::move(bind_address)),
      answers_(loop),
      timer_(*LoopContext::of(loop)) {}

void Dial::start(const Url& to, Clock::time_point deadline, Done done) {
  done_ = std::move(done);
  deadline_ = deadline;
  limit_time(deadline_);
  resolve(to, answers_.to([this](Resolved resolved) { this->resolved(std::move(resolved)); }));
}

void Dial::close() {
  done_ = nullptr;
  answers_.forget();
  Error ignored;
  timer_.cancel(ignored);
}

void Dial::end(const std::string& why) {
  const auto done = std::exchange(done_, nullptr);
  close();
  done(why);
}

void Dial::limit_time(Clock::time_point time) {
  timer_.expires_at(time);
  timer_.async_wait([self = shared_from_this()](const Error& error) {
    if (error || !self->done_) return;
    if (self->next_ == self->addresses_.size()) return self->end(too_late);
    Error ignored;
    self->socket_.close(ignored);  // the next address is tried then
  });
}

void Dial::resolved(Resolved resolved) {
  if (resolved.addresses.empty()) return end(resolved.error);
  addresses_ = std::move(resolved.addresses);
  try_next();
}

void Dial::try_next() {
  const auto now = Clock::now();
  const auto left = static_cast<Clock::rep>(addresses_.size() - next_);
  limit_time(now + (deadline_ - now) / left);
  const Address& address = addresses_[next_++];
  Error ignored;
  socket_.close(ignored);
  if (const auto why = take_address(address); !why.empty()) {
    return next_ < addresses_.size() ? try_next() : end(why);
  }
  socket_.async_connect(Endpoint(&address.bytes, address.size),
                        [self = shared_from_this()](const Error& error) {
                          if (self->done_) self->connected(error);
                        });
}

// The one of ours to connect from. Why it cannot be; empty: it is taken.
std::string Dial::take_address(const Address& to) {
  const Endpoint there(&to.bytes, to.size);
  if (bind_address_.empty() || there.protocol().family() == AF_UNIX) return "";
  Error error;
  const auto ours = asio::ip::make_address(bind_address_, error);
  if (error) return "bind_address: " + bind_address_ + " is not an address in numbers";
  const asio::ip::tcp::endpoint from(ours, 0);
  if (from.protocol().family() != there.protocol().family()) {
    return "bind_address: " + bind_address_ + " is IPv" + (ours.is_v4() ? "4" : "6") +
           ", and the address to connect to is not";
  }
  socket_.open(there.protocol(), error);
  if (!error) socket_.bind(from, error);
  if (error.value() == EADDRNOTAVAIL) {
    return "bind_address: " + bind_address_ + " is not an address of this machine";
  }
  return error ? "bind_address: " + bind_address_ + ": " + error.message() : "";
}

void Dial::connected(const Error& error) {
  if (error && next_ < addresses_.size()) return try_next();
  if (error == asio::error::operation_aborted) return end(too_late);
  if (error) return end("cannot connect: " + error.message());
  Error ignored;  // it is no TCP socket, then
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  end("");
}

}  // namespace bascule
