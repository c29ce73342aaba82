#include "doctor/reach.hpp"

#include <netdb.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "link/loop.hpp"
#include "link/native/transport/certificate.hpp"
#include "link/native/transport/resolve.hpp"
#include "link/native/transport/tls_context.hpp"
#include "link/native/transport/transport.hpp"
#include "link/url.hpp"

namespace bascule {
namespace {

using Level = Finding::Level;

constexpr std::chrono::seconds patience{8};  // for an answer
constexpr int days_enough = 14;              // of a certificate

struct Opened {
  bool open = false;
  std::string why;
  std::optional<int> days_left;
};

// A connection that is closed at once.
Opened open(const Url& url, const LinkSettings& link) {
  Loop loop("doctor");
  std::promise<Opened> result;
  bool told = false;  // this and the transport are of the loop's thread
  std::unique_ptr<Transport> transport;
  const auto answer = [&](Opened opened) {
    if (!std::exchange(told, true)) result.set_value(std::move(opened));
  };
  Transport::Handlers handlers;
  handlers.on_open = [&] { answer({true, "", transport->certificate_days_left()}); };
  handlers.on_bytes = [](std::span<char> bytes) { return bytes.size(); };
  handlers.on_written = [](std::uint64_t) {};
  handlers.on_end = [&](const Transport::End& end) { answer({false, end.why, {}}); };
  loop.post([&] {
    try {
      transport = std::make_unique<Transport>(loop, url, link,
                                              url.tls() ? make_tls_context(link.tls) : nullptr,
                                              patience, std::move(handlers));
    } catch (const std::exception& error) {
      answer({false, error.what(), {}});
    }
  });
  Opened opened = result.get_future().get();
  loop.post([&] { transport.reset(); });
  loop.stop();
  return opened;
}

std::string text_of(const Address& address) {
  char host[NI_MAXHOST] = "";
  ::getnameinfo(reinterpret_cast<const sockaddr*>(&address.bytes), address.size, host, sizeof host,
                nullptr, 0, NI_NUMERICHOST);
  return host;
}

// The resolver's thread may outlive this.
Resolved look_up(const Url& url) {
  const auto result = std::make_shared<std::promise<Resolved>>();
  auto answer = result->get_future();
  resolve(url, [result](Resolved resolved) { result->set_value(std::move(resolved)); });
  if (answer.wait_for(patience) == std::future_status::ready) return answer.get();
  Resolved late;
  late.error = "cannot find the address of " + url.host + ": no answer within 8 s";
  return late;
}

bool find_name(const Url& url, const std::string& where, const Tell& tell) {
  const Resolved resolved = look_up(url);
  if (resolved.addresses.empty()) {
    tell({Level::error, where, "DNS",
          resolved.error + "; mend the name in its url, or this machine's /etc/resolv.conf"});
    return false;
  }
  std::string list;
  for (const Address& address : resolved.addresses) {
    list += (list.empty() ? "" : ", ") + text_of(address);
  }
  tell({Level::ok, where, "DNS", url.host + " is " + list});
  return true;
}

bool connect_tls(const Url& url, const LinkSettings& link, const Tell& tell) {
  const Opened opened = open(url, link);
  if (!opened.open) {
    tell({Level::error, link.name, "TLS",
          opened.why + "; give the broker a certificate that is valid for " + url.host +
              ", and name who has signed it as tls.ca_file"});
    return false;
  }
  const int days = opened.days_left.value_or(days_enough);
  const std::string left =
      "the broker's certificates end in " + std::to_string(days) + (days == 1 ? " day" : " days");
  if (days < days_enough) {
    tell({Level::warning, link.name, "TLS", left + ": renew them there"});
  } else {
    tell({link.tls.insecure ? Level::warning : Level::ok, link.name, "TLS",
          left + (link.tls.insecure ? "; any is taken: take tls.insecure away, and name who has "
                                      "signed it as tls.ca_file"
                                    : ", and are valid for " + url.host)});
  }
  const auto ours = link.tls.cert_file.empty() ? std::nullopt : file_days_left(link.tls.cert_file);
  if (ours) {
    const std::string text = "tls.cert_file ends in " + std::to_string(*ours) + " days";
    const Level level = *ours < 0 ? Level::error : *ours < days_enough ? Level::warning : Level::ok;
    tell({level, link.name, "certificate", text + (level == Level::ok ? "" : ": renew it")});
  }
  return true;
}

}  // namespace

bool reach(const LinkSettings& link, const Tell& tell) {
  const auto url = parse_url(link.url);
  if (!url) return false;  // the configuration's reader has taken it
  const bool socket = url->scheme == Url::Scheme::unix_socket;
  const bool by_proxy = !link.proxy.url.empty();  // which finds the address, then
  if (!socket && !by_proxy && !find_name(*url, link.name, tell)) return false;
  Url plain = *url;
  if (!socket) plain.scheme = Url::Scheme::mqtt;
  const Opened opened = open(plain, link);
  const std::string place = socket ? url->path : url->host + ':' + std::to_string(url->port);
  if (!opened.open) {
    tell({Level::error, link.name, socket ? "socket" : "TCP",
          place + ": " + opened.why +
              "; see that the broker runs and listens there, and that no firewall is between"});
    return false;
  }
  tell({Level::ok, link.name, socket ? "socket" : "TCP", place + " answers"});
  return !url->tls() || connect_tls(*url, link, tell);
}

}  // namespace bascule
