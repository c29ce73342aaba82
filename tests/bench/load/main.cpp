// load: publishes numbered messages to a broker of this machine, or receives and counts them; fast
// enough not to be the limit of what is measured with it. See `load --help`.
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "ask.hpp"
#include "publish.hpp"
#include "receive.hpp"

namespace {

void add_connection(CLI::App& command, load::Client::Settings& settings, bool& v5) {
  command.add_option("--port", settings.port, "of the broker, on 127.0.0.1")->required();
  command.add_option("--id", settings.id, "client id");
  command.add_flag("--v5", v5, "speak MQTT 5; else 3.1.1");
  command.add_option("--gather", settings.gather_us, "us to let more come before it is read");
  command.add_flag("--session", settings.session, "the session outlives the connection");
}

int run(int argc, char** argv) {
  CLI::App app("A load for MQTT brokers, and its counter. Both print one JSON object.");
  app.require_subcommand(1);
  bool v5 = false;

  load::PublishSettings out;
  out.client.id = "load-publisher";
  auto* publish = app.add_subcommand("publish", "numbered messages at QoS 1");
  add_connection(*publish, out.client, v5);
  publish->add_option("--topic", out.topic)->required();
  publish->add_option("--count", out.count)->required();
  publish->add_option("--first", out.first, "the first number")->capture_default_str();
  publish->add_option("--size", out.payload_bytes, "bytes of payload")->capture_default_str();
  publish->add_option("--window", out.window, "unacknowledged at once")->capture_default_str();
  publish->add_option("--rate", out.per_s, "messages per second; 0: as fast as it goes");
  publish->add_option("--records", out.records, "edits of so many records below the topic");
  publish->add_flag("--in-order", out.in_order, "of one record after the other");

  load::ReceiveSettings in;
  in.client.id = "load-receiver";
  auto* receive = app.add_subcommand("receive", "counts numbers 1 to COUNT");
  add_connection(*receive, in.client, v5);
  receive->add_option("--filter", in.filter)->required();
  receive->add_option("--count", in.count, "0: only subscribes")->required();
  receive->add_option("--quiet", in.quiet_s, "seconds without a message until it gives up");
  receive->add_option("--linger", in.linger_ms, "ms to wait for repeats when all have come");

  load::AskSettings request;
  request.client.id = "load-asker";
  auto* ask = app.add_subcommand("ask", "requests, MQTT 5, and how long their answers take");
  add_connection(*ask, request.client, v5);
  ask->add_option("--topic", request.topic)->required();
  ask->add_option("--count", request.count)->required();
  ask->add_option("--payload", request.payload)->capture_default_str();
  ask->add_option("--expect", request.expected, "in each answer")->capture_default_str();
  ask->add_option("--window", request.window, "unanswered at once")->capture_default_str();
  ask->add_option("--rate", request.per_s, "requests per second; 0: as fast as it goes");
  ask->add_option("--quiet", request.quiet_s, "seconds without an answer until it gives up");

  CLI11_PARSE(app, argc, argv);
  if (v5) out.client.protocol = in.client.protocol = load::Protocol::v5;
  ::prctl(PR_SET_TIMERSLACK, 1'000);  // else a rate is kept to 50 µs only
  if (*ask) {
    request.client.protocol = load::Protocol::v5;
    return load::ask(request) ? 0 : 1;
  }
  if (*receive) return load::receive(in) ? 0 : 1;
  load::publish(out);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load: %s\n", error.what());
    return 1;
  }
}
