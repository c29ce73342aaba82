// Through a proxy, and from an address of ours.
#include <doctest/doctest.h>

#include <string>

#include "support/dialect.hpp"
#include "support/websocket_peer.hpp"

namespace bascule::test {

namespace {

const Subscription anything{"in/#", true};

// To a broker whose name the proxy alone can know.
LinkSettings through(const ScriptedBroker& proxy, const std::string& scheme,
                     const std::string& user = "", const std::string& password_file = "") {
  auto settings = link_settings(Client::native, "mqtt://broker.of.the.proxy", "client");
  settings.proxy.url = scheme + "://" + (user.empty() ? "" : user + '@') +
                       "127.0.0.1:" + std::to_string(proxy.port());
  settings.proxy.password_file = password_file;
  return settings;
}

std::string error_of(LinkSettings settings, const ScriptedBroker& proxy) {
  LinkProbe in(std::move(settings), {anything});
  CHECK(wait_for([&] { return !in.link().status().last_error.empty(); }));
  const std::string error = in.link().status().last_error;
  in.stop();
  const std::string start = "the proxy 127.0.0.1:" + std::to_string(proxy.port()) + ": ";
  CHECK(error.starts_with(start));
  return error.substr(std::min(error.size(), start.size()));
}

std::string http_error(const std::string& answer, const std::string& user = "") {
  const TempDir dir;
  ScriptedBroker proxy([&](const Peer& peer, int) {
    WebSocketPeer(peer).read_request();
    peer.send(answer);
  });
  return error_of(through(proxy, "http", user, user.empty() ? "" : dir.write("password", "secret")),
                  proxy);
}

// `answers`: to the greeting, and to what is said then.
std::string socks_error(const std::vector<std::string>& answers, const std::string& user = "") {
  const TempDir dir;
  ScriptedBroker proxy([&](const Peer& peer, int) {
    std::size_t count = user.empty() ? 3 : 4;
    for (const auto& answer : answers) {
      peer.read(count);
      peer.send(answer);
      count = 1;
    }
  });
  return error_of(
      through(proxy, "socks5", user, user.empty() ? "" : dir.write("password", "secret")), proxy);
}

}  // namespace

TEST_CASE("proxy: CONNECT names the broker, and shows who asks with the password as it is now") {
  const TempDir dir;
  const auto file = dir.write("password", "secret\n");
  std::vector<std::string> requests;
  ScriptedBroker proxy([&](const Peer& peer, int connection) {
    requests.push_back(WebSocketPeer(peer).read_request());
    peer.send("HTTP/1.1 200 Connection established\r\nX-Long: " + std::string(3'000, 'x') +
              "\r\n\r\n");
    bring_up(peer);
    if (connection == 1) {
      dir.write("password", "changed\n");
      return;
    }
    peer.read_to_end();
  });
  LinkProbe in(through(proxy, "http", "me", file), {anything});
  REQUIRE(in.wait_up(2));
  in.stop();
  proxy.finish();
  CHECK(requests[0].starts_with("CONNECT broker.of.the.proxy:1883 HTTP/1.1\r\n"));
  CHECK(WebSocketPeer::field(requests[0], "Host") == "broker.of.the.proxy:1883");
  CHECK(WebSocketPeer::field(requests[0], "Proxy-Authorization") ==
        "Basic " + to_base64("me:secret"));
  CHECK(WebSocketPeer::field(requests[1], "Proxy-Authorization") ==
        "Basic " + to_base64("me:changed"));
}

TEST_CASE("proxy: without a user CONNECT shows none, and a WebSocket goes through it, too") {
  std::string request, upgrade;
  ScriptedBroker proxy([&](const Peer& peer, int) {
    request = WebSocketPeer(peer).read_request();
    peer.send("HTTP/1.0 200 OK\r\n\r\n");
    const WebSocketPeer socket(peer);
    upgrade = socket.accept();
    socket.read_packet();
    socket.send(binary(welcome));
    socket.read_packet();
    socket.send(binary(granted(1)));
    peer.read_to_end();
  });
  auto settings = through(proxy, "http");
  settings.url = "ws://[2001:db8::1]/mqtt";
  LinkProbe in(settings, {anything});
  REQUIRE(in.wait_up());
  in.stop();
  proxy.finish();
  CHECK(request.starts_with("CONNECT [2001:db8::1]:80 HTTP/1.1\r\n"));
  CHECK(request.find("Proxy-Authorization") == request.npos);
  CHECK(WebSocketPeer::field(upgrade, "Host") == "[2001:db8::1]");
}

TEST_CASE("proxy: why CONNECT was refused is told in words") {
  const std::string head = "HTTP/1.1 ", no_body = "\r\nContent-Length: 0\r\n\r\n";
  CHECK(http_error(head + "407 Proxy Authentication Required" + no_body) ==
        "it wants a user name and password (407): name the user in proxy, as in "
        "http://USER@HOST:PORT, and proxy_password_file");
  CHECK(http_error(head + "407 Proxy Authentication Required" + no_body, "me") ==
        "it refuses the user name and password (407)");
  CHECK(http_error(head + "401 Unauthorized" + no_body, "me") ==
        "it refuses the user name and password (401)");
  CHECK(http_error(head + "403 Forbidden" + no_body) ==
        "it answers 403 Forbidden to CONNECT broker.of.the.proxy:1883 (many proxies let CONNECT "
        "reach port 443 only)");
  CHECK(http_error(head + "502 Bad Gateway" + no_body) ==
        "it answers 502 Bad Gateway to CONNECT broker.of.the.proxy:1883");
  CHECK(http_error("") ==
        "it closed the connection without an answer (does it speak HTTP on this port?)");
  CHECK(http_error("220 mail.example\r\n").starts_with("it does not answer as HTTP proxies do: "));
}

TEST_CASE("proxy: SOCKS 5 is given the name, or the address in numbers") {
  const TempDir dir;
  const auto file = dir.write("password", "secret");
  const std::pair<std::string, std::string> table[] = {
      {"mqtt://name.example:1884", bytes({3, 12}) + "name.example" + bytes({0x07, 0x5c})},
      {"mqtt://192.0.2.1", bytes({1, 192, 0, 2, 1, 0x07, 0x5b})},
      {"mqtt://[2001:db8::1]",
       bytes({4, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x07, 0x5b})},
  };
  for (const auto& [url, address] : table) {
    std::string greeting, who, request;
    ScriptedBroker proxy([&](const Peer& peer, int) {
      greeting = peer.read(4);
      peer.send(bytes({5, 2}));
      who = peer.read(11);
      peer.send(bytes({1, 0}));
      request = peer.read(3 + address.size());
      peer.send(bytes({5, 0, 0, 3, 4}) + "name" + bytes({0, 80}));
      bring_up(peer);
      peer.read_to_end();
    });
    auto settings = through(proxy, "socks5", "me", file);
    settings.url = url;
    LinkProbe in(settings, {anything});
    REQUIRE(in.wait_up());
    in.stop();
    proxy.finish();
    CHECK(greeting == bytes({5, 2, 0, 2}));
    CHECK(who == bytes({1, 2}) + "me" + bytes({6}) + "secret");
    CHECK(request == bytes({5, 1, 0}) + address);
  }
}

TEST_CASE("proxy: why SOCKS was refused is told in words") {
  CHECK(socks_error({bytes({5, 0xff})}).starts_with("it wants a user name and password: name"));
  CHECK(socks_error({bytes({5, 0xff})}, "me") == "it takes no user name and password");
  CHECK(socks_error({bytes({5, 2}), bytes({1, 1})}, "me") ==
        "it refuses the user name and password");
  const auto refused = [](int code) {
    return socks_error({bytes({5, 0}), bytes({5, code, 0, 1, 0, 0, 0, 0, 0, 0})});
  };
  CHECK(refused(2) == "its rules do not allow the connection to the broker");
  CHECK(refused(4) == "it cannot reach the broker's host, or not find its address");
  CHECK(refused(5) == "it says that the broker refuses the connection");
  CHECK(refused(99) == "it refuses with the code 99");
  CHECK(socks_error({}) ==
        "it closed the connection without an answer (does it speak SOCKS 5 on this port?)");
  CHECK(socks_error({"HT"}) == "it does not answer as SOCKS 5 proxies do");
}

TEST_CASE("proxy: one that is away, or silent, is named") {
  std::uint16_t gone = 0;
  {
    ScriptedBroker away([](const Peer&, int) {});
    gone = away.port();
  }
  auto settings = link_settings(Client::native, "mqtt://127.0.0.1", "client");
  settings.proxy.url = "http://127.0.0.1:" + std::to_string(gone);
  const std::string name = "the proxy 127.0.0.1:" + std::to_string(gone);
  LinkProbe away(settings, {anything});
  CHECK(away.wait_error(name + ": cannot connect: Connection refused"));
  away.stop();

  ScriptedBroker silent([](const Peer& peer, int) { peer.read_to_end(); });
  settings = through(silent, "http");
  settings.keep_alive = std::chrono::seconds(1);  // so it waits for 3 s
  LinkProbe waits(settings, {anything});
  CHECK(waits.wait_error("the proxy 127.0.0.1:" + std::to_string(silent.port()) +
                         ": no answer within the time limit"));
  waits.stop();

  settings.proxy.password_file = "/no/such/file";
  LinkProbe blind(settings, {anything});
  CHECK(blind.wait_error("proxy_password_file: cannot read /no/such/file: "));
  blind.stop();
}

TEST_CASE("bind_address: the connection comes from there, or it is said why not") {
  std::string from;
  ScriptedBroker broker([&](const Peer& peer, int) {
    from = peer.address();
    bring_up(peer);
    peer.read_to_end();
  });
  auto settings = link_settings(Client::native, broker.url(), "client");
  settings.bind_address = "127.0.0.77";
  LinkProbe in(settings, {anything});
  REQUIRE(in.wait_up());
  in.stop();
  CHECK(from == "127.0.0.77");

  for (const auto& [address, error] :
       {std::pair{"203.0.113.9", "bind_address: 203.0.113.9 is not an address of this machine"},
        std::pair{"::1", "bind_address: ::1 is IPv6, and the address to connect to is not"},
        std::pair{"eth0", "bind_address: eth0 is not an address in numbers"}}) {
    settings.bind_address = address;
    LinkProbe fails(settings, {anything});
    CHECK(fails.wait_error(error));
    fails.stop();
  }
}

TEST_CASE("beyond Paho: what the Paho client cannot do is refused") {
  const auto refused = [](auto change) {
    auto settings = link_settings(Client::paho, "mqtt://localhost", "client");
    change(settings);
    try {
      make_link(settings);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refused([](LinkSettings& s) { s.other_urls = {"mqtt://other"}; }) ==
        "url: the Paho client takes only one; use client: native");
  CHECK(refused([](LinkSettings& s) {
          s.bind_address = "127.0.0.1";
        }).starts_with("bind_address: the Paho client cannot "));
  CHECK(refused([](LinkSettings& s) { s.proxy.url = "http://proxy"; }) ==
        "proxy: the Paho client goes through none; use client: native");
}

}  // namespace bascule::test
