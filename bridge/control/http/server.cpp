#include "control/http/server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "control/http/listener.hpp"
#include "control/http/unix_socket.hpp"

namespace bascule {

namespace {

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

ControlServer::ControlServer(ControlSettings settings, ControlApi api)
    : settings_(std::move(settings)), api_(std::move(api)) {}

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
    socket_ = std::make_unique<Listener>(socket, api_);
  } catch (const boost::system::system_error& error) {
    fail(socket, "cannot listen (" + error.code().message() +
                     "); check who may write to its directory, or set control.socket to "
                     "another path");
  }
  if (settings_.http) http_ = std::make_unique<Listener>(*settings_.http, api_);
}

std::uint16_t ControlServer::http_port() const { return http_ ? http_->port() : 0; }

void ControlServer::stop() {
  http_.reset();
  if (!socket_) return;
  ::unlink(settings_.socket.c_str());  // first, so that nobody is left waiting in the queue
  socket_.reset();
}

}  // namespace bascule
