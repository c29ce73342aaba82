#include "control/http/client.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include "control/http/unix_socket.hpp"

namespace bascule {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

// Whether somebody listens; throws if that is all we may know.
bool listens(const std::string& socket) {
  switch (const int error = try_connect(socket)) {
    case 0:
      return true;
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
      return false;
    case EACCES:
    case EPERM:
      throw std::runtime_error("you may not speak to the daemon at " + socket +
                               "; use sudo, or join the group that owns this socket");
    default:
      throw std::runtime_error("cannot speak to the daemon at " + socket + ": " +
                               std::strerror(error) + "; check control.socket");
  }
}

// One question and its answer; what failed, if anything did.
error_code exchange(const std::string& socket, http::request<http::empty_body>& request,
                    http::response_parser<http::string_body>& answer, std::chrono::seconds within) {
  boost::asio::io_context io(1);
  boost::beast::basic_stream<boost::asio::local::stream_protocol> stream(io);
  error_code failed;
  // Connecting waits while the daemon's queue is full, and its socket's time for sending bounds it.
  stream.socket().open({}, failed);
  const timeval patience{within.count(), 0};
  ::setsockopt(stream.socket().native_handle(), SOL_SOCKET, SO_SNDTIMEO, &patience,
               sizeof patience);
  if (!failed) stream.socket().connect(socket, failed);
  if (failed) return failed;

  stream.expires_after(within);
  boost::beast::flat_buffer buffer;
  http::async_write(stream, request, [&](const error_code& unsent, std::size_t) {
    failed = unsent;
    if (unsent) return;
    http::async_read(stream, buffer, answer,
                     [&](const error_code& unread, std::size_t) { failed = unread; });
  });
  io.run();
  return failed;
}

std::optional<nlohmann::json> exchange(const std::string& socket, const std::string& path_and_query,
                                       bool post, std::chrono::seconds within) {
  if (!listens(socket)) return std::nullopt;

  http::request<http::empty_body> request(post ? http::verb::post : http::verb::get, path_and_query,
                                          11);
  request.set(http::field::host, "localhost");
  request.prepare_payload();
  http::response_parser<http::string_body> answer;
  answer.body_limit(boost::none);
  if (const error_code failed = exchange(socket, request, answer, within)) {
    throw NoAnswer("the daemon at " + socket + " did not answer (" + failed.message() +
                   "); try again, or look at its log");
  }
  auto body = nlohmann::json::parse(answer.get().body(), nullptr, false);
  const unsigned status = answer.get().result_int();
  if (status == 200 && !body.is_discarded()) return body;
  if (body.is_object() && body.contains("detail") && body["detail"].is_string()) {
    throw std::runtime_error(body["detail"].get<std::string>());
  }
  throw std::runtime_error("what listens at " + socket + " is not bascule (HTTP " +
                           std::to_string(status) + "); check control.socket");
}

}  // namespace

std::optional<nlohmann::json> ask(const std::string& socket, const std::string& path_and_query,
                                  std::chrono::seconds within) {
  return exchange(socket, path_and_query, false, within);
}

std::optional<nlohmann::json> tell(const std::string& socket, const std::string& path_and_query) {
  return exchange(socket, path_and_query, true, answer_within);
}

}  // namespace bascule
