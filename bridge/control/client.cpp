#include "control/client.hpp"

#include <httplib.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "control/unix_socket.hpp"

namespace bascule {

namespace {

constexpr int answer_within_s = 60;  // a slow flash disk may hold an answer back

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

std::optional<nlohmann::json> exchange(const std::string& socket, const std::string& path_and_query,
                                       bool post) {
  if (!listens(socket)) return std::nullopt;

  httplib::Client client(socket, 80);
  client.set_address_family(AF_UNIX);
  client.set_read_timeout(answer_within_s);
  const httplib::Headers headers = {{"Host", "localhost"}, {"Accept-Encoding", "identity"}};
  const auto result = post ? client.Post(path_and_query, headers, "", "application/json")
                           : client.Get(path_and_query, headers);
  if (!result) {
    throw std::runtime_error("the daemon at " + socket + " did not answer (" +
                             httplib::to_string(result.error()) +
                             "); try again, or look at its log");
  }
  auto body = nlohmann::json::parse(result->body, nullptr, false);
  if (result->status == 200 && !body.is_discarded()) return body;
  if (body.is_object() && body.contains("error") && body["error"].is_string()) {
    throw std::runtime_error(body["error"].get<std::string>());
  }
  throw std::runtime_error("what listens at " + socket + " is not bascule (HTTP " +
                           std::to_string(result->status) + "); check control.socket");
}

}  // namespace

std::optional<nlohmann::json> ask(const std::string& socket, const std::string& path_and_query) {
  return exchange(socket, path_and_query, false);
}

std::optional<nlohmann::json> tell(const std::string& socket, const std::string& path_and_query) {
  return exchange(socket, path_and_query, true);
}

}  // namespace bascule
