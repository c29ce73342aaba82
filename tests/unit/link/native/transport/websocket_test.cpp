// MQTT over WebSockets, with servers that do right and wrong.
#include <doctest/doctest.h>

#include <atomic>
#include <string>

#include "support/dialect.hpp"
#include "support/websocket_peer.hpp"

namespace bascule::test {

namespace {

const Subscription all_of_it{"in/#", true};

LinkSettings over_websocket(const ScriptedBroker& broker, const std::string& path = "") {
  return link_settings(Client::native, "ws://127.0.0.1:" + std::to_string(broker.port()) + path,
                       "client");
}

// A PUBLISH of QoS 1 of any size.
std::string publish_of(int packet_id, const std::string& payload) {
  const auto body = text("in/a") + bytes({0, packet_id, 0}) + payload;
  std::string packet = bytes({0x32});
  std::size_t length = body.size();
  for (; length > 127; length >>= 7) packet += static_cast<char>((length & 127) | 128);
  return packet + static_cast<char>(length) + body;
}

// What the link says of a server that does this once its handshake is through.
std::string error_over(const std::string& frames) {
  ScriptedBroker broker([&](const Peer& peer, int) {
    const WebSocketPeer socket(peer);
    socket.bring_up();
    socket.send(frames);
    peer.read_to_end();
  });
  LinkProbe in(over_websocket(broker), {all_of_it});
  CHECK(wait_for([&] { return !in.downs().empty(); }));
  const auto downs = in.downs();
  in.stop();
  return downs.empty() ? "" : downs[0];
}

// What it says of a server that answers its request so.
std::string error_after(const std::string& answer) {
  ScriptedBroker broker([&](const Peer& peer, int) {
    WebSocketPeer(peer).read_request();
    peer.send(answer);
  });
  LinkProbe in(over_websocket(broker, "/way"), {all_of_it});
  CHECK(wait_for([&] { return !in.link().status().last_error.empty(); }));
  const auto error = in.link().status().last_error;
  in.stop();
  return error;
}

}  // namespace

TEST_CASE("websocket: a request has path, host, and the subprotocol mqtt") {
  for (const std::string path : {"", "/some/way?key=1"}) {
    std::string request, first;
    ScriptedBroker broker([&](const Peer& peer, int) {
      const WebSocketPeer socket(peer);
      request = socket.accept();
      first = socket.read_packet();
      socket.send(binary(welcome));
      socket.read_packet();
      socket.send(binary(granted(1)));
      peer.read_to_end();
    });
    LinkProbe in(over_websocket(broker, path), {all_of_it});
    REQUIRE(in.wait_up());
    in.stop();
    broker.finish();
    CHECK(request.starts_with("GET " + (path.empty() ? "/mqtt" : path) + " HTTP/1.1\r\n"));
    CHECK(WebSocketPeer::field(request, "Host") == "127.0.0.1:" + std::to_string(broker.port()));
    CHECK(WebSocketPeer::field(request, "Sec-WebSocket-Protocol") == "mqtt");
    CHECK(first.substr(0, 1) == bytes({0x10}));  // CONNECT
  }
}

TEST_CASE("websocket: packets and frames need not begin or end together") {
  const auto one = publish(v5, 1, "one"), two = publish_of(2, std::string(70'000, 'x')),
             three = publish(v5, 3, "three");
  ScriptedBroker broker([&](const Peer& peer, int) {
    const WebSocketPeer socket(peer);
    socket.bring_up();
    // Each byte in a message of its own; then as parts of one message, with a ping in between.
    for (const char c : one) socket.send(binary(std::string(1, c)));
    const auto rest = two + three;
    socket.send(frame(0x02, rest.substr(0, 5)) + frame(0x00, ""));
    socket.send(frame(0x89, "sign of life"));
    socket.send(frame(0x00, rest.substr(5, 69'000)) + frame(0x80, rest.substr(69'005)));
    peer.read_to_end();
  });
  LinkProbe in(over_websocket(broker), {all_of_it});
  REQUIRE(in.wait_received(3));
  CHECK(in.received()[0].payload == "one");
  CHECK(in.received()[1].payload.size() == 70'000);
  CHECK(in.received()[2].payload == "three");
  CHECK(broker.connections() == 1);
  in.stop();
}

TEST_CASE("websocket: a message is not kept back for one of which only a part has come") {
  std::atomic<bool> received = false;
  ScriptedBroker broker([&](const Peer& peer, int) {
    const WebSocketPeer socket(peer);
    socket.bring_up();
    const auto next = binary(publish(v5, 2, "two"));
    socket.send(binary(publish(v5, 1, "one")) + next.substr(0, 1));
    wait_for([&] { return received.load(); });
    socket.send(next.substr(1));
    peer.read_to_end();
  });
  LinkProbe in(over_websocket(broker), {all_of_it});
  CHECK(in.wait_received(1));
  received = true;
  CHECK(in.wait_received(2));
  in.stop();
}

TEST_CASE("websocket: what comes together is handed over together, though each has its frame") {
  ScriptedBroker broker([&](const Peer& peer, int) {
    const WebSocketPeer socket(peer);
    socket.bring_up();
    std::string many;
    for (int i = 1; i <= 500; ++i) many += binary(publish(v5, i, "x"));
    socket.send(many);
    peer.read_to_end();
  });
  LinkProbe in(over_websocket(broker), {all_of_it});
  REQUIRE(in.wait_received(500));
  CHECK(in.calls() < 50);
  in.stop();
}

TEST_CASE("websocket: a ping is answered with what it carries") {
  std::string answer;
  int opcode = 0;
  ScriptedBroker broker([&](const Peer& peer, int) {
    const WebSocketPeer socket(peer);
    socket.bring_up();
    socket.send(frame(0x89, "are you there?"));
    opcode = socket.read_frame(answer);
    socket.send(binary(publish(v5, 1, "yes")));
    peer.read_to_end();
  });
  LinkProbe in(over_websocket(broker), {all_of_it});
  REQUIRE(in.wait_received(1));
  in.stop();
  broker.finish();
  CHECK(opcode == 0x8a);
  CHECK(answer == "are you there?");
}

TEST_CASE("websocket: what the server says when it closes is shown, and it connects again") {
  ScriptedBroker broker([&](const Peer& peer, int connection) {
    const WebSocketPeer socket(peer);
    socket.bring_up();
    if (connection == 1) socket.send(frame(0x88, bytes({0x03, 0xe9}) + "for repairs"));
    peer.read_to_end();
  });
  LinkProbe in(over_websocket(broker), {all_of_it});
  REQUIRE(in.wait_up(2));
  CHECK(in.downs()[0] == "the broker closed the connection: WebSocket code 1001, for repairs");
  in.stop();
}

TEST_CASE("websocket: text, what is too large, and broken rules end the connection") {
  CHECK(error_over(frame(0x81, "text")) ==
        "the broker sent text over the WebSocket, where MQTT sends binary frames");
  CHECK(error_over(bytes({0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0})) ==
        "the broker sent a WebSocket message that is larger than any packet of MQTT");
  CHECK(error_over(bytes({0x82, 0x81, 1, 2, 3, 4, 5}))  // masked
            .starts_with("the broker breaks the rules of WebSocket: "));
  CHECK(error_over(bytes({0xf2, 1, 0})).starts_with("the broker breaks the rules of WebSocket: "));
}

TEST_CASE("websocket: who does not speak it, or not MQTT over it, is told apart") {
  CHECK(error_after("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") ==
        "the broker does not speak WebSocket at /way: it answers 404 Not Found (is the path in the "
        "url right?)");
  CHECK(error_after("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            .starts_with("the broker does not speak WebSocket at /way: it answers 200 OK"));
  CHECK(error_after("") ==
        "the broker closed the connection (does it speak WebSocket on this port?)");
  CHECK(error_after(welcome + welcome + welcome)
            .starts_with("the broker does not speak WebSocket on this port: "));
  for (const std::string other : {"", "Sec-WebSocket-Protocol: mqttv3.1\r\n"}) {
    ScriptedBroker broker([&](const Peer& peer, int) {
      WebSocketPeer(peer).accept(other);
      peer.read_to_end();
    });
    LinkProbe in(over_websocket(broker), {all_of_it});
    CHECK(in.wait_error("the server at /mqtt speaks WebSocket, but not MQTT over it: it names " +
                        std::string(other.empty() ? "no subprotocol, not mqtt"
                                                  : "the subprotocol mqttv3.1, not mqtt")));
    in.stop();
  }
}

TEST_CASE("websocket: it ends with DISCONNECT and a close frame") {
  std::string disconnect, reason;
  int opcode = 0;
  ScriptedBroker broker([&](const Peer& peer, int) {
    const WebSocketPeer socket(peer);
    socket.bring_up();
    disconnect = socket.read_packet();
    opcode = socket.read_frame(reason);
    socket.send(frame(0x88, reason));
  });
  LinkProbe in(over_websocket(broker), {all_of_it});
  REQUIRE(in.wait_up());
  in.stop();
  broker.finish();
  CHECK(disconnect.substr(0, 1) == bytes({0xe0}));
  CHECK(opcode == 0x88);
  CHECK(reason == bytes({0x03, 0xe8}));
}

TEST_CASE("websocket: what is published goes in messages of 64 KiB at the most") {
  std::string packet;
  std::size_t longest = 0;
  std::atomic<bool> read = false;
  const std::string payload(1 << 20, 'p');
  ScriptedBroker broker([&](const Peer& peer, int) {
    const WebSocketPeer socket(peer);
    socket.bring_up();
    while (packet.size() <= payload.size()) {
      std::string part;
      if (socket.read_frame(part) != 0x82) break;
      longest = std::max(longest, part.size());
      packet += part;
    }
    read = true;
    peer.read_to_end();
  });
  LinkProbe out(over_websocket(broker), {all_of_it});
  REQUIRE(out.wait_up());
  out.publish(1, "out/a", payload);
  REQUIRE(wait_for([&] { return read.load(); }));
  CHECK(packet.ends_with(payload));
  CHECK(longest == 65'536);
  out.stop();
}

TEST_CASE("websocket: a payload of 50 MB comes in whatever frames") {
  const std::string payload(50'000'000, 'x');
  ScriptedBroker broker([&](const Peer& peer, int) {
    const WebSocketPeer socket(peer);
    socket.bring_up();
    const auto packet = publish_of(1, payload);
    std::size_t size = 1;
    for (std::size_t sent = 0; sent < packet.size(); sent += size) {
      size = size > 5'000'000 ? 1 : size * 3;
      socket.send(binary(packet.substr(sent, size)));
    }
    peer.read_to_end();
  });
  auto settings = over_websocket(broker);
  settings.max_payload_bytes = 64 << 20;
  LinkProbe in(settings, {all_of_it});
  REQUIRE(in.wait_received(1));
  CHECK(in.received()[0].payload == payload);
  in.stop();
}

TEST_CASE("websocket: a line that is cut in the middle of a frame loses nothing") {
  ScriptedBroker broker([&](const Peer& peer, int connection) {
    const WebSocketPeer socket(peer);
    socket.bring_up();
    const auto whole = binary(publish_of(1, std::string(100'000, 'x')));
    if (connection == 1) return socket.send(whole.substr(0, 60'000));
    socket.send(whole);
    peer.read_to_end();
  });
  LinkProbe in(over_websocket(broker), {all_of_it});
  REQUIRE(in.wait_received(1));
  CHECK(in.received().size() == 1);
  CHECK(in.received()[0].payload.size() == 100'000);
  CHECK(in.downs() == std::vector<std::string>{"the broker closed the connection"});
  in.stop();
}

}  // namespace bascule::test
