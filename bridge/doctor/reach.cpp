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

#include "doctor/remedy.hpp"
#include "link/loop.hpp"
#include "link/native/transport/certificate.hpp"
#include "link/native/transport/resolve.hpp"
#include "link/native/transport/tls_context.hpp"
#include "link/native/transport/transport.hpp"
#include "link/url.hpp"
#include "text/wording.hpp"

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

bool find_name(const Url& url, const LinkSettings& link, const Tell& tell) {
  const Resolved resolved = look_up(url);
  if (resolved.addresses.empty()) {
    tell({Level::error, link.name, "DNS",
          resolved.error + "; mend the name in its " + (link.proxy.url.empty() ? "url" : "proxy") +
              ", or this machine's /etc/resolv.conf"});
    return false;
  }
  std::string list;
  for (const Address& address : resolved.addresses) {
    list += (list.empty() ? "" : ", ") + text_of(address);
  }
  tell({Level::ok, link.name, "DNS", url.host + " is " + list});
  return true;
}

bool connect_tls(const Url& url, const LinkSettings& link, const Tell& tell) {
  const std::string& name = link.tls.server_name.empty() ? url.host : link.tls.server_name;
  const Opened opened = open(url, link);
  if (!opened.open) {
    // The finding's own name says it.
    const std::string_view what = opened.why.starts_with("TLS: ")
                                      ? std::string_view(opened.why).substr(5)
                                      : std::string_view(opened.why);
    tell({Level::error, link.name, "TLS",
          std::string(what) + remedy(opened.why, link,
                                     "; give the broker a certificate that is valid for " + name +
                                         ", and name who has signed it as tls.ca_file")});
    return false;
  }
  const int days = opened.days_left.value_or(days_enough);
  const std::string left =
      "the broker's certificates end in " + std::to_string(days) + (days == 1 ? " day" : " days");
  if (days < days_enough) {
    tell({Level::warning, link.name, "TLS", left + ": renew them there"});
  } else {
    const std::string by_key = link.tls.server_name.empty() ? "" : ", as tls.server_name says";
    tell({link.tls.insecure ? Level::warning : Level::ok, link.name, "TLS",
          left + (link.tls.insecure ? "; any is taken: take tls.insecure away, and name who has "
                                      "signed it as tls.ca_file"
                                    : ", and are valid for " + name + by_key)});
  }
  return true;
}

void check_certificate(const LinkSettings& link, const Tell& tell) {
  const auto ours = link.tls.cert_file.empty() ? std::nullopt : file_days_left(link.tls.cert_file);
  if (!ours) return;
  const std::string text = "tls.cert_file ends in " + std::to_string(*ours) + " days";
  const Level level = *ours < 0 ? Level::error : *ours < days_enough ? Level::warning : Level::ok;
  tell({level, link.name, "certificate", text + (level == Level::ok ? "" : ": renew it")});
}

// Whether somebody can be spoken to there.
bool reach(const Url& url, const LinkSettings& link, const Tell& tell) {
  const bool socket = url.scheme == Url::Scheme::unix_socket;
  const bool by_proxy = !link.proxy.url.empty();  // which finds the address, then
  if (!socket && !by_proxy && !find_name(url, link, tell)) return false;
  Url plain = url;
  if (!socket) plain.scheme = Url::Scheme::mqtt;
  const Opened opened = open(plain, link);
  const std::string place = socket ? url.path : url.host + ':' + std::to_string(url.port);
  if (!opened.open) {
    tell({Level::error, link.name, socket ? "socket" : "TCP",
          place + ": " + opened.why +
              remedy(opened.why, link,
                     "; see that the broker runs and listens there, and that no firewall is "
                     "between")});
    return false;
  }
  const std::string way = by_proxy ? ", through the proxy " + link.proxy.url : "";
  tell({Level::ok, link.name, socket ? "socket" : "TCP", place + " answers" + way});
  return !url.tls() || connect_tls(url, link, tell);
}

}  // namespace

std::vector<std::string> reach(const LinkSettings& link, const Tell& tell) {
  std::vector<std::string> all{link.url}, reached;
  all.insert(all.end(), link.other_urls.begin(), link.other_urls.end());
  if (const auto proxy = parse_proxy(link.proxy.url)) {
    if (!find_name({Url::Scheme::mqtt, proxy->host, proxy->port, ""}, link, tell)) return {};
  }
  std::vector<Finding> errors;
  const Tell keep_errors = [&](const Finding& finding) {
    finding.level == Level::error ? errors.push_back(finding) : tell(finding);
  };
  for (const std::string& text : all) {
    const auto url = parse_url(text);  // the configuration's reader has taken it
    if (url && reach(*url, link, keep_errors)) reached.push_back(text);
  }
  for (Finding& finding : errors) {
    if (!reached.empty()) finding.level = Level::warning;
    tell(finding);
  }
  if (all.size() > 1 && !reached.empty()) {
    tell({Level::ok, link.name, "url",
          std::to_string(reached.size()) + " of " + std::to_string(all.size()) +
              " addresses answer: " + comma_list(reached)});
  }
  check_certificate(link, tell);
  return reached;
}

}  // namespace bascule
