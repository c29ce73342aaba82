#include "control/server.hpp"

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "control/unix_socket.hpp"
#include "journal/journal.hpp"

namespace bascule {

namespace {

constexpr std::size_t threads = 4;  // questions answered at a time; more wait
constexpr int waiting = 128;        // connections not accepted yet
constexpr mode_t socket_mode = 0660;

using nlohmann::json;

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

void set_json(httplib::Response& response, int status, const json& body) {
  response.status = status;
  // Topics and texts may come from anywhere: what is no UTF-8 is replaced, not refused.
  response.set_content(body.dump(-1, ' ', false, json::error_handler_t::replace),
                       "application/json");
}

void answer(const ControlHandlers& handlers, const httplib::Request& request,
            httplib::Response& response) {
  const std::string name = request.method + " " + request.path;
  const auto handler = handlers.find(name);
  if (handler == handlers.end()) {
    return set_json(response, 404, {{"error", "there is no " + name}});
  }
  try {
    Query query;
    for (const auto& [parameter, value] : request.params) query.set(parameter, value);
    set_json(response, 200, handler->second(query));
  } catch (const std::invalid_argument& wrong) {
    set_json(response, 400, {{"error", wrong.what()}});
  } catch (const JournalTrouble& trouble) {
    set_json(response, 503, {{"error", trouble.what()}});
  } catch (const std::exception& failure) {
    set_json(response, 500, {{"error", failure.what()}});
  }
}

}  // namespace

struct ControlServer::Http {
  httplib::Server server;
  std::thread thread;
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

  auto http = std::make_unique<Http>();
  httplib::Server& server = http->server;
  server.set_address_family(AF_UNIX);
  server.new_task_queue = [] { return new httplib::ThreadPool(threads); };
  // One question per connection, asked within a second: whoever connects and says nothing must
  // hold up neither the other clients nor stop() for long.
  server.set_keep_alive_max_count(1);
  server.set_keep_alive_timeout(1);
  // The mode of the descriptor becomes that of the file, less the umask: never wider, not even
  // for the moment between bind and chmod.
  int listening = -1;
  server.set_socket_options([&listening](int fd) {
    ::fchmod(fd, socket_mode);
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    listening = fd;
  });
  const auto ask = [this](const auto& request, auto& response) {
    answer(handlers_, request, response);
  };
  server.Get(".*", ask);
  server.Post(".*", ask);
  server.set_error_handler([](const auto& request, auto& response) {
    if (response.body.empty()) {
      set_json(response, response.status, {{"error", "cannot answer this " + request.method}});
    }
  });

  errno = 0;
  // The library lets 5 wait to be accepted, and the sixth is turned away; listen() once more
  // widens that.
  if (!server.bind_to_port(socket, 80) || ::chmod(socket.c_str(), socket_mode) != 0 ||
      ::listen(listening, waiting) != 0) {
    fail(socket, std::string("cannot listen (") + std::strerror(errno) +
                     "); check who may write to its directory, or set control.socket to "
                     "another path");
  }
  http->thread = std::thread([&server] { server.listen_after_bind(); });
  // Until it runs, the library forgets a stop().
  while (!server.is_running()) std::this_thread::yield();
  http_ = std::move(http);
}

void ControlServer::stop() {
  if (!http_) return;
  ::unlink(settings_.socket.c_str());  // first, so that nobody is left waiting in the queue
  http_->server.stop();
  http_->thread.join();
  http_.reset();
}

}  // namespace bascule
