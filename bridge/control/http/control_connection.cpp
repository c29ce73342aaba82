#include "control/http/control_connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "journal/journal.hpp"
#include "text/json_text.hpp"

namespace bascule {

namespace http = boost::beast::http;
using boost::system::error_code;
using nlohmann::json;

namespace {

// Topics and texts may come from anywhere: what is no UTF-8 is replaced, not refused.
// Who the token that was shown is of: a page asks that.
constexpr const char* holder_question = "GET /v1/holder";

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::string name_of(const http::request<http::string_body>& request) {
  const std::string_view target = view(request.target());
  return std::string(view(request.method_string())) + ' ' +
         std::string(target.substr(0, target.find('?')));
}

// The kernel gives up on a client that takes nothing for so long, though it never says goodbye.
void set_user_timeout(int descriptor, std::chrono::milliseconds time) {
  const int ms = static_cast<int>(time.count());
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms,
               sizeof ms);  // fails on a unix socket
}

// What every answer says.
template <class Response>
void set_head(Response& response, unsigned status, const std::string& type) {
  response.result(status);
  response.set(http::field::content_type, type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  response.set("Referrer-Policy", "no-referrer");
  response.set("Cross-Origin-Resource-Policy", "same-origin");
  if (status == 401) response.set(http::field::www_authenticate, "Bearer");
  response.keep_alive(false);
}

}  // namespace

ControlConnection::ControlConnection(Socket socket, Door door, std::string peer,
                                     std::function<void(const ControlConnection&)> on_end)
    : door_(std::move(door)),
      peer_(std::move(peer)),
      on_end_(std::move(on_end)),
      stream_(std::move(socket)),
      quiet_(stream_.get_executor()) {
  parser_.header_limit(header_bytes_max);
  parser_.body_limit(body_bytes_max);
  if (door_.tls) tls_.emplace(stream_, *door_.tls);
}

// Calls `work` with what is read from and written to.
template <class Work>
void ControlConnection::on_stream(const Work& work) {
  if (tls_) return work(*tls_);
  work(stream_);
}

void ControlConnection::start() {
  stream_.expires_after(question_within);
  if (!tls_) return read();
  tls_->async_handshake(
      boost::asio::ssl::stream_base::server, [self = shared_from_this()](const error_code& error) {
        if (!error) return self->read();
        spdlog::debug("control: {} fails at TLS: {}", self->peer_, error.message());
        if (!self->ended_) self->end();
      });
}

void ControlConnection::read() {
  on_stream([&](auto& stream) {
    http::async_read(stream, buffer_, parser_,
                     [self = shared_from_this()](const error_code& error, std::size_t) {
                       self->on_question(error);
                     });
  });
}

void ControlConnection::close() {
  stream_.close();
  if (asking_ || reader_) end();
}

void ControlConnection::finish() {
  if (!reader_) return;
  finishing_ = true;
  if (telling_.empty()) say_goodbye();
}

void ControlConnection::end() {
  if (std::exchange(ended_, true)) return;
  if (reader_) --door_.feeds;
  reader_.reset();
  quiet_.cancel();
  stream_.close();
  on_end_(*this);
}

ControlConnection::Answer ControlConnection::failure(unsigned status, const std::string& text,
                                                     json more) {
  more["type"] = "about:blank";
  more["title"] = std::string(view(http::obsolete_reason(http::status(status))));
  more["status"] = status;
  more["detail"] = text;
  return {status, "application/problem+json", json_text(more)};
}

// Says what there is instead.
ControlConnection::Answer ControlConnection::unknown(const std::string& name) const {
  json paths = {holder_question};
  for (const auto& [known, _] : door_.api.answers) paths.push_back(known);
  for (const auto& [known, _] : door_.api.texts) paths.push_back(known);
  for (const auto& [known, _] : door_.api.feeds) paths.push_back(known);
  return failure(404, "there is no " + name, {{"paths", std::move(paths)}});
}

std::optional<ControlConnection::Answer> ControlConnection::denial(const Request& request,
                                                                   const PageFile* page) {
  if (door_.access == nullptr) return std::nullopt;
  const auto value = [&](http::field field) { return std::string(view(request[field])); };
  const auto denial = door_.access->denial(
      {peer_, std::string(view(request.method_string())), value(http::field::host),
       value(http::field::origin), std::string(view(request["Sec-Fetch-Site"])),
       value(http::field::authorization), page != nullptr},
      holder_);
  if (!denial) return std::nullopt;
  return failure(denial->status, denial->why);
}

ControlConnection::Answer ControlConnection::page_answer(const PageFile& page) const {
  const bool there = view(parser_.get()[http::field::if_none_match]) == page.etag;
  return {there ? 304U : 200U, std::string(page.type), there ? "" : std::string(page.content),
          &page};
}

ControlConnection::Answer ControlConnection::answer(const Request& request) const {
  const std::string_view target = view(request.target());
  const std::size_t mark = target.find('?');
  const std::string name = name_of(request);
  const auto handler = door_.api.answers.find(name);
  const auto text = door_.api.texts.find(name);
  try {
    const auto query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
    if (handler != door_.api.answers.end()) {
      return {200, "application/json", json_text(handler->second(Query::parse(query)))};
    }
    if (name == holder_question) {
      const char* const role = holder_.role == Role::change ? "change" : "look";
      return {200, "application/json", json_text(json{{"name", holder_.name}, {"role", role}})};
    }
    if (text == door_.api.texts.end()) return unknown(name);
    ControlText answer = text->second(Query::parse(query));
    return {200, std::move(answer.type), std::move(answer.body)};
  } catch (const std::invalid_argument& wrong) {
    return failure(400, wrong.what());
  } catch (const JournalTrouble& trouble) {
    return failure(503, trouble.what());
  } catch (const std::exception& fault) {
    return failure(500, fault.what());
  }
}

void ControlConnection::on_question(const error_code& error) {
  if (ended_) return;
  asking_ = false;
  if (error == http::error::body_limit) {
    return on_answer(failure(413, "a question has a body of 64 KiB at most"));
  }
  if (error == http::error::header_limit) {
    return on_answer(failure(431, "the header of a question has 8 KiB at most"));
  }
  if (error.category() == make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    return on_answer(failure(400, "this is no HTTP: " + error.message()));
  }
  if (error) {  // it hung up, or let its time pass
    spdlog::debug("control: a client asked nothing: {}", error.message());
    return end();
  }
  const std::string name = name_of(parser_.get());
  const PageFile* const page =
      name.starts_with("GET /") ? page_file(std::string_view(name).substr(4)) : nullptr;
  if (auto denied = denial(parser_.get(), page)) return on_answer(*std::move(denied));
  if (page != nullptr) return on_answer(page_answer(*page));
  const auto feed = door_.api.feeds.find(name);
  if (feed != door_.api.feeds.end()) return begin(*feed->second);
  // The network thread goes on until the answer has been taken.
  auto work = boost::asio::make_work_guard(stream_.get_executor());
  boost::asio::post(door_.pool, [self = shared_from_this(), work = std::move(work)] {
    Answer answer = self->answer(self->parser_.get());
    boost::asio::post(work.get_executor(), [self, answer = std::move(answer)]() mutable {
      self->on_answer(std::move(answer));
    });
  });
}

void ControlConnection::on_answer(Answer answer) {
  auto response = std::make_shared<http::response<http::string_body>>();
  set_head(*response, answer.status, answer.type);
  if (answer.page) {
    // It may be kept, and is asked for anew each time: the program may have another by then.
    response->set(http::field::cache_control, "no-cache");
    response->set(http::field::etag, std::string(answer.page->etag));
    response->set("Content-Security-Policy", page_policy);
  }
  response->body() = std::move(answer.body);
  response->prepare_payload();
  stream_.expires_after(answer_within);
  on_stream([&](auto& stream) {
    http::async_write(stream, *response,
                      [self = shared_from_this(), response](const error_code& error, std::size_t) {
                        if (error) spdlog::debug("control: an answer: {}", error.message());
                        self->say_goodbye();
                      });
  });
}

// The feed is told of by its head, and ends with the connection.
void ControlConnection::begin(Feed& feed) {
  if (door_.feeds == feeds_max) {
    return on_answer(failure(503,
                             "as many as may listen at once do already; close another page, "
                             "or ask GET /v1/status"));
  }
  ++door_.feeds;
  http::response<http::empty_body> head;
  set_head(head, 200, "text/event-stream");
  std::ostringstream text;
  text << head;
  reader_ =
      std::make_unique<Feed::Reader>(feed, [weak = weak_from_this(), on = stream_.get_executor()] {
        boost::asio::post(on, [weak] {
          if (const auto self = weak.lock()) self->tell();
        });
      });
  set_user_timeout(stream_.socket().native_handle(), answer_within);
  await_hang_up();
  telling_ = text.str();
  write();
}

// Who is gone makes room for another. Only reading shows it, while there is nothing to tell.
void ControlConnection::await_hang_up() {
  stream_.expires_never();
  on_stream([&](auto& stream) {
    stream.async_read_some(boost::asio::buffer(&unread_, 1),
                           [self = shared_from_this()](const error_code& error, std::size_t) {
                             if (self->ended_) return;
                             error ? self->end() : self->await_hang_up();
                           });
  });
}

void ControlConnection::tell() {
  if (ended_ || !telling_.empty()) return;
  if (finishing_) return say_goodbye();
  telling_ = reader_->take();
  if (!telling_.empty()) return write();
  quiet_.expires_after(sign_of_life);
  quiet_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (cancelled || self->ended_ || !self->telling_.empty()) return;
    self->telling_ = ":\n\n";
    self->write();
  });
}

void ControlConnection::write() {
  stream_.expires_after(answer_within);
  on_stream([&](auto& stream) {
    boost::asio::async_write(stream, boost::asio::buffer(telling_),
                             [self = shared_from_this()](const error_code& error, std::size_t) {
                               self->telling_.clear();
                               error ? self->end() : self->tell();
                             });
  });
}

// A client on TLS has all of the answer only once it has been told that it ends here.
void ControlConnection::say_goodbye() {
  if (!tls_ || ended_) return end();
  tls_->async_shutdown([self = shared_from_this()](const error_code&) { self->end(); });
}

}  // namespace bascule
