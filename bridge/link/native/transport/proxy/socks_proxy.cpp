#include <arpa/inet.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <utility>

#include "link/native/transport/proxy/proxy.hpp"

namespace bascule {

namespace {

// RFC 1928 and, for the user name, RFC 1929.
constexpr char version = 5, user_version = 1;
constexpr char no_user = 0, user_and_password = 2;
constexpr char connect_command = 1;
constexpr char ipv4 = 1, name = 3, ipv6 = 4;
constexpr std::size_t text_bytes_max = 255;
constexpr std::size_t port_bytes = 2;

std::string counted(const std::string& text) { return static_cast<char>(text.size()) + text; }

std::string numeric(int family, const std::string& host) {
  std::string bytes(family == AF_INET ? 4 : 16, 0);
  return inet_pton(family, host.c_str(), bytes.data()) == 1 ? bytes : "";
}

std::string address_of(const Url& broker) {
  const std::string port{static_cast<char>(broker.port >> 8), static_cast<char>(broker.port & 255)};
  if (const auto bytes = numeric(AF_INET, broker.host); !bytes.empty()) return ipv4 + bytes + port;
  if (const auto bytes = numeric(AF_INET6, broker.host); !bytes.empty()) return ipv6 + bytes + port;
  return name + counted(broker.host) + port;
}

std::string refusal(char code) {
  switch (code) {
    case 1:
      return "it has failed, and does not say why";
    case 2:
      return "its rules do not allow the connection to the broker";
    case 3:
      return "it says that the broker's network is unreachable";
    case 4:
      return "it cannot reach the broker's host, or not find its address";
    case 5:
      return "it says that the broker refuses the connection";
    case 6:
      return "it says that the way to the broker is too long (TTL expired)";
    case 7:
      return "it does not know how to connect (command not supported)";
    case 8:
      return "it does not take this kind of address";
    default:
      return "it refuses with the code " + std::to_string(static_cast<unsigned char>(code));
  }
}

// One step after the other; each has itself as what follows its bytes.
class Socks : public std::enable_shared_from_this<Socks> {
 public:
  Socks(Layer::Socket& socket, const ProxyUrl& proxy, const std::string& password,
        const Url& broker, std::function<void(const std::string& why)> done)
      : socket_(socket),
        user_(proxy.user),
        password_(password),
        request_(std::string{version, connect_command, 0} + address_of(broker)),
        done_(std::move(done)) {}

  void start() {
    std::string greeting{version, 1, no_user};
    if (!user_.empty()) greeting = {version, 2, no_user, user_and_password};
    ask(greeting, 2, &Socks::method_chosen);
  }

 private:
  using Step = void (Socks::*)();

  // Sends, and takes the next step with so many bytes more.
  void ask(std::string bytes, std::size_t count, Step step) {
    sent_ = std::move(bytes);
    asio::async_write(
        socket_, asio::buffer(sent_),
        [self = shared_from_this(), count, step](const Layer::Error& error, std::size_t) {
          if (error) return self->broken(error);
          self->hear(count, step);
        });
  }

  void hear(std::size_t count, Step step) {
    heard_.resize(count);
    asio::async_read(socket_, asio::buffer(heard_),
                     [self = shared_from_this(), step](const Layer::Error& error, std::size_t) {
                       if (error) return self->broken(error);
                       ((*self).*step)();
                     });
  }

  void broken(const Layer::Error& error) {
    const bool closed = error == asio::error::eof || error == asio::error::connection_reset;
    done_(closed
              ? "it closed the connection without an answer (does it speak SOCKS 5 on this port?)"
              : error.message());
  }

  void method_chosen() {
    if (heard_[0] != version) return done_("it does not answer as SOCKS 5 proxies do");
    if (heard_[1] == no_user) return connect();
    if (heard_[1] == user_and_password && !user_.empty()) {
      return ask(user_version + counted(user_) + counted(password_), 2, &Socks::user_known);
    }
    done_(user_.empty() ? "it wants a user name and password: name the user in proxy, as in "
                          "socks5://USER@HOST:PORT, and proxy_password_file"
                        : "it takes no user name and password");
  }

  void user_known() {
    if (heard_[1] != 0) {
      return done_(password_.empty() ? "it refuses the user name without a password: name the "
                                       "file of one as proxy_password_file"
                                     : "it refuses the user name and password");
    }
    connect();
  }

  void connect() { ask(request_, 5, &Socks::answered); }

  // As far as the first byte of the address, which says how long a name is.
  void answered() {
    if (heard_[0] != version) return done_("it does not answer as SOCKS 5 proxies do");
    if (heard_[1] != 0) return done_(refusal(heard_[1]));
    const std::size_t rest = heard_[3] == ipv4   ? 3
                             : heard_[3] == ipv6 ? 15
                                                 : static_cast<unsigned char>(heard_[4]);
    hear(rest + port_bytes, &Socks::connected);
  }

  void connected() { done_(""); }

  Layer::Socket& socket_;
  const std::string user_, password_, request_;
  const std::function<void(const std::string& why)> done_;
  std::string sent_, heard_;
};

}  // namespace

void ask_socks_proxy(Layer::Socket& socket, const ProxyUrl& proxy, const std::string& password,
                     const Url& broker, std::function<void(const std::string& why)> done) {
  if (std::max({proxy.user.size(), password.size(), broker.host.size()}) > text_bytes_max) {
    return done("SOCKS takes no name or password of more than 255 bytes");
  }
  std::make_shared<Socks>(socket, proxy, password, broker, std::move(done))->start();
}

}  // namespace bascule
