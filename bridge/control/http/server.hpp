// The control server: answers questions about the running daemon over HTTP on a unix socket, for
// the command line and whatever else an operator points at it. It knows paths and JSON; what the
// answers are, the handlers say. Clients that are slow, silent, greedy or many cost it bounded
// memory and no thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "control/query.hpp"
#include "control/settings.hpp"

namespace bascule {

// Answers one question. Runs on one of the server's threads, several at a time, and stop() waits
// for it: work that may take long is cut into bounded answers that the client asks for one after
// another. Throws std::invalid_argument if the question is wrong (status 400), JournalTrouble if
// the journal cannot answer it now (status 503); any other exception is our fault (status 500). Its
// text reaches the client as {"error": text}.
using ControlHandler = std::function<nlohmann::json(const Query&)>;

// By method and path, "GET /v1/status". GET must change nothing; POST may.
using ControlHandlers = std::map<std::string, ControlHandler, std::less<>>;

class ControlServer {
 public:
  ControlServer(ControlSettings settings, ControlHandlers handlers);
  ~ControlServer();  // as stop()
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Listens when it returns. The socket's directory is made if it is missing; the socket gets mode
  // 0660, so that its group decides who may ask. A socket file on which nobody answers is what a
  // killed process left, and is replaced. Throws std::runtime_error, with what to do, if the
  // socket cannot be had.
  void start();

  // Ends after the answers under way, and removes the socket. Clients that do not take theirs are
  // hung up on within a second. May be called twice; not from a handler.
  void stop();

 private:
  class Http;
  ControlSettings settings_;
  ControlHandlers handlers_;
  std::unique_ptr<Http> http_;
};

}  // namespace bascule
