// One client of the control server: it asks one question, gets one answer and is hung up on. The
// question has a bounded size and a bounded time, however slowly its bytes come, and holds no
// thread meanwhile. Over TCP it may have to speak TLS, and is let in by Access. Where the answer is
// a feed it goes on until one of the two hangs up, or the client takes nothing for a minute.
//
// Threads: one network thread runs everything but the handlers; these run in the pool. Boost.Beast
// reads and writes HTTP.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "control/http/access.hpp"
#include "control/http/feed.hpp"
#include "control/http/server.hpp"
#include "control/http/token_file.hpp"
#include "control/page/page_file.hpp"

namespace bascule {

class ControlConnection : public std::enable_shared_from_this<ControlConnection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Pool = boost::asio::thread_pool;

  static constexpr std::chrono::seconds question_within{5};  // from its first byte to its last
  static constexpr std::chrono::seconds answer_within{60};   // until the client has taken it
  static constexpr std::uint32_t header_bytes_max = 8 << 10;
  static constexpr std::uint64_t body_bytes_max = 64 << 10;
  static constexpr int feeds_max = 16;                     // clients that listen, at one door
  static constexpr std::chrono::seconds sign_of_life{15};  // of a feed that has nothing to tell

  // How clients come in at the door of this connection. What it points to outlives the connection.
  struct Door {
    const ControlApi& api;
    Pool& pool;
    int& feeds;                                                // clients that listen to one
    Access* access = nullptr;                                  // null: whoever connects may ask
    std::shared_ptr<boost::asio::ssl::context> tls = nullptr;  // null: not over TLS
  };

  // `peer`: its address, for the log. `on_end` is called once, on the network thread.
  ControlConnection(Socket socket, Door door, std::string peer,
                    std::function<void(const ControlConnection&)> on_end);

  void start();
  // Whether the question is not whole yet.
  bool asking() const { return asking_; }
  // Hangs up, whatever is under way. A handler that runs finishes for nobody.
  void close();
  // Ends a feed once what is on its way has been taken. Of anything else the end comes by itself.
  void finish();

 private:
  using Stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Request = Parser::value_type;
  struct Answer {
    unsigned status = 200;
    std::string type;  // of the body
    std::string body;
    const PageFile* page = nullptr;  // which it is
  };

  static Answer failure(unsigned status, const std::string& text,
                        nlohmann::json more = nlohmann::json::object());
  Answer unknown(const std::string& name) const;
  Answer page_answer(const PageFile& page) const;
  std::optional<Answer> denial(const Request& request, const PageFile* page);
  Answer answer(const Request& request) const;
  template <class Work>
  void on_stream(const Work& work);
  void read();
  void on_question(const boost::system::error_code& error);
  void on_answer(Answer answer);
  void begin(Feed& feed);
  void await_hang_up();
  void tell();
  void write();
  void say_goodbye();
  void end();

  Door door_;
  std::string peer_;
  std::function<void(const ControlConnection&)> on_end_;
  Stream stream_;
  std::optional<boost::asio::ssl::stream<Stream&>> tls_;  // around stream_
  boost::beast::flat_buffer buffer_;
  Parser parser_;
  Holder holder_{Role::change, {}};  // who asks; over the unix socket whoever may open it
  bool asking_ = true;
  bool ended_ = false;
  std::unique_ptr<Feed::Reader> reader_;  // of a feed; null: the answer is another
  boost::asio::steady_timer quiet_;       // since it was told something
  std::string telling_;                   // empty: nothing is on its way
  bool finishing_ = false;
  char unread_ = 0;  // who listens says nothing
};

}  // namespace bascule
