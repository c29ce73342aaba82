#include "control/http/server.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <list>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "clock.hpp"
#include "control/http/control_connection.hpp"
#include "control/http/unix_socket.hpp"
#include "fold.hpp"

namespace bascule {

namespace {

constexpr std::size_t threads = 4;                      // questions answered at a time; more wait
constexpr std::size_t connections_max = 64;             // the oldest that asks nothing goes
constexpr int waiting = 128;                            // connections not accepted yet
constexpr std::chrono::seconds last_answers{1};         // at the end, for clients to take them
constexpr std::chrono::milliseconds accept_pause{100};  // when there is no descriptor left
constexpr mode_t socket_mode = 0660;

using boost::system::error_code;

[[noreturn]] void fail(const std::string& socket, const std::string& why) {
  throw std::runtime_error("control socket " + socket + ": " + why);
}

void make_directory(const std::string& socket) {
  const auto directory = std::filesystem::path(socket).parent_path();
  if (directory.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    fail(socket, "cannot make the directory " + directory.string() + " (" + error.message() +
                     "); create it for the user that runs bascule, or set control.socket to a "
                     "path that it may write");
  }
}

// Leaves `socket` free to bind, or throws.
void clear_stale(const std::string& socket) {
  struct stat file {};
  if (::lstat(socket.c_str(), &file) != 0) return;  // not there; anything else bind reports
  if (!S_ISSOCK(file.st_mode)) {
    fail(socket,
         "a file that is not a socket is in the way; move it, or set control.socket to "
         "another path");
  }
  switch (const int error = try_connect(socket)) {
    case 0:
      fail(socket, "another program answers there; stop it, or set control.socket to another path");
    case ECONNREFUSED:
      if (::unlink(socket.c_str()) == 0) return;
      fail(socket, std::string("cannot remove what a dead process left (") + std::strerror(errno) +
                       "); remove it by hand");
    default:
      fail(socket, std::string("cannot tell whether anybody listens (") + std::strerror(error) +
                       "); run as the user that owns it, or set control.socket to another path");
  }
}

}  // namespace

// What listens and the connections, all on one thread of its own.
class ControlServer::Http {
 public:
  Http(const std::string& socket, const ControlHandlers& handlers)
      : handlers_(handlers), acceptor_(io_), pause_(io_), pool_(threads) {
    // The mode of the descriptor becomes that of the file, less the umask: never wider, not even
    // for the moment between bind and chmod.
    acceptor_.open();
    ::fchmod(acceptor_.native_handle(), socket_mode);
    ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    acceptor_.bind(socket);
    if (::chmod(socket.c_str(), socket_mode) != 0) {
      throw boost::system::system_error(errno, boost::system::system_category());
    }
    acceptor_.listen(waiting);
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Http() {
    boost::asio::post(io_, [this] { close(); });
    thread_.join();  // when the last answer has been taken, or its client hung up on
    pool_.join();
  }

 private:
  using Connections = std::list<std::shared_ptr<ControlConnection>>;

  void accept() {
    acceptor_.async_accept([this](const error_code& error, ControlConnection::Socket client) {
      if (!acceptor_.is_open()) return;
      if (!error) {
        add(std::move(client));
        return accept();
      }
      spdlog::warn("control: cannot take a client: {}", error.message());
      pause_.expires_after(accept_pause);
      pause_.async_wait([this](const error_code&) {
        if (acceptor_.is_open()) accept();
      });
    });
  }

  void add(ControlConnection::Socket client) {
    ::fcntl(client.native_handle(), F_SETFD, FD_CLOEXEC);
    if (connections_.size() >= connections_max) make_room();
    connections_.push_back(std::make_shared<ControlConnection>(
        std::move(client), handlers_, pool_, [this](const ControlConnection& ended) {
          connections_.remove_if([&](const auto& each) { return each.get() == &ended; });
          if (connections_.empty()) pause_.cancel();
        }));
    connections_.back()->start();
  }

  // Whoever has been asking for longest goes: a whole question comes within moments, so that
  // somebody who only holds a connection is met first.
  void make_room() {
    const auto oldest = std::find_if(connections_.begin(), connections_.end(),
                                     [](const auto& each) { return each->asking(); });
    if (oldest == connections_.end()) return;  // all are being answered: those are few
    if (const std::uint64_t count = hung_up_.add(boottime_ms()); count > 0) {
      spdlog::warn(
          "control: {} clients connected and asked nothing, and were hung up on; see who "
          "opens so many connections to the control socket",
          count);
    }
    const auto client = *oldest;
    client->close();
  }

  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    const Connections all = connections_;  // each takes itself out
    for (const auto& each : all) {
      if (each->asking()) each->close();
    }
    if (connections_.empty()) return;
    pause_.expires_after(last_answers);
    pause_.async_wait([this](const error_code& cancelled) {
      if (cancelled) return;
      for (const auto& each : connections_) each->close();
    });
  }

  const ControlHandlers& handlers_;
  boost::asio::io_context io_{1};
  boost::asio::local::stream_protocol::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  boost::asio::thread_pool pool_;
  Connections connections_;
  Fold hung_up_;
  std::thread thread_;
};

ControlServer::ControlServer(ControlSettings settings, ControlHandlers handlers)
    : settings_(std::move(settings)), handlers_(std::move(handlers)) {}

ControlServer::~ControlServer() { stop(); }

void ControlServer::start() {
  const std::string& socket = settings_.socket;
  if (try_connect(socket) == ENAMETOOLONG) {
    fail(socket,
         "the path is too long for a unix socket (107 bytes); set a shorter "
         "control.socket");
  }
  make_directory(socket);
  clear_stale(socket);
  try {
    http_ = std::make_unique<Http>(socket, handlers_);
  } catch (const boost::system::system_error& error) {
    fail(socket, "cannot listen (" + error.code().message() +
                     "); check who may write to its directory, or set control.socket to "
                     "another path");
  }
}

void ControlServer::stop() {
  if (!http_) return;
  ::unlink(settings_.socket.c_str());  // first, so that nobody is left waiting in the queue
  http_.reset();
}

}  // namespace bascule
