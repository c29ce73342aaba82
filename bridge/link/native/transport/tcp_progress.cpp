#include "link/native/transport/tcp_progress.hpp"

#include <linux/tcp.h>
#include <sys/socket.h>

// The C library's <netinet/tcp.h> has an older tcp_info, and cannot stand beside <linux/tcp.h>.

namespace bascule {

KeepAlive::Progress tcp_progress(int socket) {
  constexpr int protocol_tcp = 6;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, protocol_tcp, TCP_INFO, &info, &size) != 0) return {};
  return {info.tcpi_bytes_acked, info.tcpi_unacked == 0 && info.tcpi_notsent_bytes == 0};
}

}  // namespace bascule
