#include <boost/asio/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <memory>
#include <utility>

#include "base64.hpp"
#include "link/native/transport/proxy/proxy.hpp"

namespace bascule {

namespace {

namespace http = boost::beast::http;

// The question and its answer.
struct Connect {
  http::request<http::empty_body> request;
  boost::beast::flat_buffer buffer;
  http::response_parser<http::empty_body> parser;
  bool has_user = false, has_password = false;
  std::function<void(const std::string& why)> done;

  void answered(const Layer::Error& error) const;
  std::string refusal(unsigned status) const;
};

void Connect::answered(const Layer::Error& error) const {
  if (error == http::error::end_of_stream || error == asio::error::eof ||
      error == asio::error::connection_reset) {
    return done("it closed the connection without an answer (does it speak HTTP on this port?)");
  }
  if (error) return done("it does not answer as HTTP proxies do: " + error.message());
  const unsigned status = parser.get().result_int();
  if (status / 100 != 2) return done(refusal(status));
  done(buffer.size() == 0 ? "" : "it sent more than its answer");
}

std::string Connect::refusal(unsigned status) const {
  if (status == 407 && !has_user) {
    return "it wants a user name and password (407): name the user in proxy, as in "
           "http://USER@HOST:PORT, and proxy_password_file";
  }
  if (status == 407 || (status == 401 && has_user)) {  // 401 is what tinyproxy says
    const std::string code = " (" + std::to_string(status) + ')';
    return has_password ? "it refuses the user name and password" + code
                        : "it refuses the user name without a password" + code +
                              ": name the file of one as proxy_password_file";
  }
  std::string text = "it answers " + std::to_string(status) + ' ' +
                     std::string(parser.get().reason()) + " to CONNECT " +
                     std::string(request.target());
  if (status == 403) text += " (many proxies let CONNECT reach port 443 only)";
  return text;
}

}  // namespace

void ask_http_proxy(Layer::Socket& socket, const ProxyUrl& proxy, const std::string& password,
                    const Url& broker, std::function<void(const std::string& why)> done) {
  const bool v6 = broker.host.find(':') != broker.host.npos;
  const std::string place =
      (v6 ? '[' + broker.host + ']' : broker.host) + ':' + std::to_string(broker.port);
  const auto ask = std::make_shared<Connect>();
  ask->done = std::move(done);
  ask->has_user = !proxy.user.empty();
  ask->has_password = !password.empty();
  ask->request = http::request<http::empty_body>(http::verb::connect, place, 11);
  ask->request.set(http::field::host, place);
  if (ask->has_user) {
    ask->request.set(http::field::proxy_authorization,
                     "Basic " + to_base64(proxy.user + ':' + password));
  }
  ask->parser.skip(true);  // what follows is the broker's
  http::async_write(socket, ask->request, [&socket, ask](const Layer::Error& error, std::size_t) {
    if (error) return ask->answered(error);
    http::async_read_header(
        socket, ask->buffer, ask->parser,
        [ask](const Layer::Error& failure, std::size_t) { ask->answered(failure); });
  });
}

}  // namespace bascule
