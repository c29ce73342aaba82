// The control server: answers questions about the running daemon over HTTP, for the command line
// and whatever else an operator points at it: on a unix socket, and over TCP if that is set. It
// knows paths and JSON; what the answers are, the handlers say. Clients that are slow, silent,
// greedy or many cost it bounded memory and no thread, and those of one door not the other's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "control/query/query.hpp"
#include "control/settings.hpp"

namespace bascule {

class Feed;
class Listener;

// Answers one question. Runs on one of the server's threads, several at a time, and stop() waits
// for it: work that may take long is cut into bounded answers that the client asks for one after
// another. Throws std::invalid_argument if the question is wrong (status 400), JournalTrouble if
// the journal cannot answer it now (status 503); any other exception is our fault (status 500). Its
// text reaches the client as the `detail` of a problem (RFC 9457, application/problem+json).
using ControlHandler = std::function<nlohmann::json(const Query&)>;

// By method and path, "GET /v1/status". GET must change nothing; POST may.
using ControlHandlers = std::map<std::string, ControlHandler, std::less<>>;

// An answer that is no JSON.
struct ControlText {
  std::string type;  // "text/plain; version=0.0.4"
  std::string body;
};
using ControlTextHandler = std::function<ControlText(const Query&)>;
using ControlTextHandlers = std::map<std::string, ControlTextHandler, std::less<>>;

// What is told for as long as the client listens, by method and path. It outlives the server.
using ControlFeeds = std::map<std::string, Feed*, std::less<>>;

// All that can be asked.
struct ControlApi {
  ControlApi(ControlHandlers json, ControlTextHandlers other = {}, ControlFeeds told = {})
      : answers(std::move(json)), texts(std::move(other)), feeds(std::move(told)) {}
  ControlHandlers answers;
  ControlTextHandlers texts;
  ControlFeeds feeds;
};

class ControlServer {
 public:
  ControlServer(ControlSettings settings, ControlApi api);
  ~ControlServer();  // as stop()
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Listens when it returns. The socket's directory is made if it is missing; the socket gets mode
  // 0660, so that its group decides who may ask. A socket file on which nobody answers is what a
  // killed process left, and is replaced. Throws std::runtime_error, with what to do, if the
  // socket cannot be had. A TCP port that cannot be had costs no crossing: the log says so, and it
  // is tried again.
  void start();

  // The TCP port on which it listens; 0: on none, or not yet.
  std::uint16_t http_port() const;

  // Ends after the answers under way, and removes the socket. Clients that do not take theirs are
  // hung up on within a second; who listens to a feed has what it was told, and an end. May be
  // called twice; not from a handler.
  void stop();

 private:
  ControlSettings settings_;
  ControlApi api_;
  std::unique_ptr<Listener> socket_, http_;
};

}  // namespace bascule
