#include "control/http/listener.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "clock.hpp"

namespace bascule {

namespace {

constexpr std::size_t threads = 4;                      // questions answered at a time; more wait
constexpr std::size_t connections_max = 64;             // the oldest that asks nothing goes
constexpr int waiting = 128;                            // connections not accepted yet
constexpr std::chrono::seconds last_answers{1};         // at the end, for clients to take them
constexpr std::chrono::milliseconds accept_pause{100};  // when there is no descriptor left
constexpr std::chrono::seconds open_pause{5};           // when the port cannot be had
constexpr mode_t socket_mode = 0660;

using boost::system::error_code;

void close_on_exec(int descriptor) { ::fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

std::string peer_of(const ControlConnection::Socket& client) {
  error_code unknown;
  const auto end = client.remote_endpoint(unknown);
  if (unknown || end.protocol().family() == AF_UNIX) return "the socket";
  boost::asio::ip::tcp::endpoint peer;
  if (end.size() > peer.capacity()) return "somebody";
  std::memcpy(peer.data(), end.data(), end.size());
  peer.resize(end.size());
  return peer.address().to_string();
}

}  // namespace

Listener::Listener(const std::string& socket, const ControlApi& api)
    : api_(api), acceptor_(std::in_place_type<Unix::acceptor>, io_), pause_(io_), pool_(threads) {
  open_unix(socket);
  accept();
  thread_ = std::thread([this] { io_.run(); });
}

Listener::Listener(const HttpSettings& settings, const ControlApi& api)
    : api_(api),
      settings_(settings),
      acceptor_(std::in_place_type<Tcp::acceptor>, io_),
      pause_(io_),
      pool_(threads) {
  if (!settings.cert_file.empty()) certificate_.emplace(settings.cert_file, settings.key_file);
  open_tcp();
  thread_ = std::thread([this] { io_.run(); });
}

Listener::~Listener() {
  boost::asio::post(io_, [this] { close(); });
  thread_.join();  // when the last answer has been taken, or its client hung up on
  pool_.join();
}

void Listener::open_unix(const std::string& socket) {
  // The mode of the descriptor becomes that of the file, less the umask: never wider, not even
  // for the moment between bind and chmod.
  auto& acceptor = std::get<Unix::acceptor>(acceptor_);
  acceptor.open();
  ::fchmod(acceptor.native_handle(), socket_mode);
  close_on_exec(acceptor.native_handle());
  acceptor.bind(socket);
  if (::chmod(socket.c_str(), socket_mode) != 0) {
    throw boost::system::system_error(errno, boost::system::system_category());
  }
  acceptor.listen(waiting);
}

void Listener::open_tcp() {
  auto& acceptor = std::get<Tcp::acceptor>(acceptor_);
  try {
    const Tcp::endpoint end(boost::asio::ip::make_address(settings_->address), settings_->port);
    acceptor.open(end.protocol());
    close_on_exec(acceptor.native_handle());
    acceptor.set_option(Tcp::acceptor::reuse_address(true));
    acceptor.bind(end);
    acceptor.listen(waiting);
    port_ = settings_->port = acceptor.local_endpoint().port();
    access_.emplace(*settings_);
    spdlog::info("control: asked over {} at {} port {}", certificate_ ? "HTTPS" : "HTTP",
                 settings_->address, port_);
    return accept();
  } catch (const boost::system::system_error& error) {
    if (unopened_.add(boottime_ms()) > 0) {
      spdlog::warn(
          "control: cannot listen at {} port {} ({}); trying again every {} s; see who has the "
          "port, or set another control.http",
          settings_->address, settings_->port, error.code().message(), open_pause.count());
    }
  }
  error_code ignored;
  acceptor.close(ignored);
  pause_.expires_after(open_pause);
  pause_.async_wait([this](const error_code&) {
    if (!closing_) open_tcp();
  });
}

bool Listener::is_open() const {
  return std::visit([](const auto& acceptor) { return acceptor.is_open(); }, acceptor_);
}

void Listener::accept() {
  const auto client = std::make_shared<ControlConnection::Socket>(io_);
  const auto on_client = [this, client](const error_code& error) {
    if (!is_open()) return;
    if (!error) {
      add(std::move(*client));
      return accept();
    }
    spdlog::warn("control: cannot take a client: {}", error.message());
    pause_.expires_after(accept_pause);
    pause_.async_wait([this](const error_code&) {
      if (is_open()) accept();
    });
  };
  std::visit([&](auto& acceptor) { acceptor.async_accept(*client, on_client); }, acceptor_);
}

void Listener::add(ControlConnection::Socket client) {
  close_on_exec(client.native_handle());
  auto tls = certificate_ ? certificate_->context() : nullptr;
  if (certificate_ && !tls) return;  // the log says why; it is hung up on
  if (connections_.size() >= connections_max) make_room();
  std::string peer = peer_of(client);
  const ControlConnection::Door door{api_, pool_, feeds_, access_ ? &*access_ : nullptr,
                                     std::move(tls)};
  connections_.push_back(std::make_shared<ControlConnection>(
      std::move(client), door, std::move(peer), [this](const ControlConnection& ended) {
        connections_.remove_if([&](const auto& each) { return each.get() == &ended; });
        if (closing_ && connections_.empty()) pause_.cancel();
      }));
  connections_.back()->start();
}

// Whoever has been asking for longest goes: a whole question comes within moments, so that
// somebody who only holds a connection is met first.
void Listener::make_room() {
  const auto oldest = std::find_if(connections_.begin(), connections_.end(),
                                   [](const auto& each) { return each->asking(); });
  if (oldest == connections_.end()) return;  // all are being answered: those are few
  if (const std::uint64_t count = hung_up_.add(boottime_ms()); count > 0) {
    spdlog::warn(
        "control: {} clients connected and asked nothing, and were hung up on; see who "
        "opens so many connections to {}",
        count, settings_ ? "control.http" : "the control socket");
  }
  const auto client = *oldest;
  client->close();
}

void Listener::close() {
  closing_ = true;
  error_code ignored;
  std::visit([&](auto& acceptor) { acceptor.close(ignored); }, acceptor_);
  pause_.cancel();
  const Connections all = connections_;  // each takes itself out
  for (const auto& each : all) {
    each->asking() ? each->close() : each->finish();
  }
  if (connections_.empty()) return;
  pause_.expires_after(last_answers);
  pause_.async_wait([this](const error_code& cancelled) {
    if (cancelled) return;
    const Connections late = connections_;
    for (const auto& each : late) each->close();
  });
}

}  // namespace bascule
