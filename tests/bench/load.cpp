// A load on a broker, fast enough not to be the limit: publishes numbered messages, or receives
// them and counts what is missing, repeated or out of order.
//
//   load publish PORT TOPIC FIRST COUNT SIZE     QoS 1, up to 1,000 in flight
//   load receive PORT FILTER COUNT QUIET_S       until COUNT numbers were seen and then all is
//                                                quiet for a second, or it is for QUIET_S
//
// Both print one JSON object. A payload is its number, a space, and padding. The receiver drops
// repeats by the number; of those it says how many bore the stamp of one that was seen before, as
// every repeat of a bridge must.
#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void require(int result, const char* what) {
  if (result != MOSQ_ERR_SUCCESS) {
    throw std::runtime_error(std::string(what) + ": " + mosquitto_strerror(result));
  }
}

// --- publish ---------------------------------------------------------------------------------

struct Window {
  static constexpr std::int64_t size = 1'000;
  std::mutex mutex;
  std::condition_variable moved;
  std::int64_t acknowledged = 0;
};

int publish(int port, const char* topic, std::int64_t first, std::int64_t count, std::size_t size) {
  Window window;
  mosquitto* client = mosquitto_new("load-publisher", false, &window);
  mosquitto_max_inflight_messages_set(client, Window::size);
  mosquitto_reconnect_delay_set(client, 1, 1, false);
  mosquitto_publish_callback_set(client, [](mosquitto*, void* user, int) {
    auto& acknowledgements = *static_cast<Window*>(user);
    std::lock_guard lock(acknowledgements.mutex);
    ++acknowledgements.acknowledged;
    acknowledgements.moved.notify_one();
  });
  require(mosquitto_connect(client, "127.0.0.1", port, 60), "connect");
  require(mosquitto_loop_start(client), "thread");

  const auto start = Clock::now();
  std::string payload;
  for (std::int64_t sent = 0; sent < count; ++sent) {
    payload = std::to_string(first + sent) + ' ';
    payload.resize(std::max(payload.size(), size), 'x');
    require(mosquitto_publish(client, nullptr, topic, static_cast<int>(payload.size()),
                              payload.data(), 1, false),
            "publish");
    std::unique_lock lock(window.mutex);
    window.moved.wait(lock, [&] { return sent - window.acknowledged < Window::size; });
  }
  {
    std::unique_lock lock(window.mutex);
    window.moved.wait(lock, [&] { return window.acknowledged == count; });
  }
  const double took_s = seconds_since(start);
  mosquitto_disconnect(client);
  mosquitto_loop_stop(client, false);
  mosquitto_destroy(client);
  std::printf("{\"published\": %lld, \"seconds\": %.2f, \"per_s\": %.0f}\n",
              static_cast<long long>(count), took_s, static_cast<double>(count) / took_s);
  return 0;
}

// --- receive ---------------------------------------------------------------------------------

// Touched on the client's thread alone; the atomics are read by the one that waits.
struct Tally {
  explicit Tally(std::int64_t count, const char* filter) : seen(count + 1), filter(filter) {}
  std::vector<bool> seen;        // by number
  std::vector<bool> seen_stamp;  // by sequence
  const char* filter;
  std::int64_t highest = 0;
  std::int64_t out_of_order = 0;  // first arrivals below one that had arrived
  std::int64_t strange = 0;
  std::int64_t unknown_repeats = 0;  // numbers that came again under another stamp
  std::atomic<std::int64_t> arrived{0};
  std::atomic<std::int64_t> unique{0};
};

// The sequence in ORIGIN/EPOCH/LANE/SEQUENCE/CAPTURED; 0 without a stamp.
std::size_t stamped_sequence(const mosquitto_property* properties) {
  std::size_t sequence = 0;
  char *name = nullptr, *value = nullptr;
  bool again = false;
  while ((properties = mosquitto_property_read_string_pair(properties, MQTT_PROP_USER_PROPERTY,
                                                           &name, &value, again)) != nullptr) {
    again = true;
    if (std::string_view(name) == "bascule-stamp") {
      std::string_view text = value;
      for (int slash = 0; slash < 3; ++slash) text.remove_prefix(text.find('/') + 1);
      std::from_chars(text.data(), text.data() + text.size(), sequence);
    }
    std::free(name);
    std::free(value);
  }
  return sequence;
}

bool mark(std::vector<bool>& seen, std::size_t number) {
  if (number >= seen.size()) seen.resize(number + number / 2 + 1);
  const bool known = seen[number];
  seen[number] = true;
  return known;
}

void count_message(Tally& tally, const mosquitto_message& message,
                   const mosquitto_property* properties) {
  std::int64_t number = 0;
  const auto* text = static_cast<const char*>(message.payload);
  std::from_chars(text, text + message.payloadlen, number);
  const std::size_t sequence = stamped_sequence(properties);
  const bool stamp_known = sequence != 0 && mark(tally.seen_stamp, sequence);
  ++tally.arrived;
  if (number < 1 || number >= static_cast<std::int64_t>(tally.seen.size())) {
    ++tally.strange;
  } else if (tally.seen[static_cast<std::size_t>(number)]) {
    if (!stamp_known) ++tally.unknown_repeats;
  } else {
    tally.seen[static_cast<std::size_t>(number)] = true;
    if (number < tally.highest) ++tally.out_of_order;
    tally.highest = std::max(tally.highest, number);
    ++tally.unique;
  }
}

int receive(int port, const char* filter, std::int64_t count, int quiet_s) {
  Tally tally(count, filter);
  mosquitto* client = mosquitto_new("load-receiver", false, &tally);
  require(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5), "MQTT 5");
  require(mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, 1'000), "receive maximum");
  mosquitto_reconnect_delay_set(client, 1, 1, false);
  mosquitto_connect_v5_callback_set(
      client, [](mosquitto* self, void* user, int reason, int, const mosquitto_property*) {
        if (reason == 0) {
          mosquitto_subscribe(self, nullptr, static_cast<Tally*>(user)->filter, 1);
        }
      });
  mosquitto_message_v5_callback_set(
      client, [](mosquitto*, void* user, const mosquitto_message* message,
                 const mosquitto_property* properties) {
        count_message(*static_cast<Tally*>(user), *message, properties);
      });
  mosquitto_property* session = nullptr;
  require(mosquitto_property_add_int32(&session, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 3'600),
          "session");
  require(mosquitto_connect_bind_v5(client, "127.0.0.1", port, 60, nullptr, session), "connect");
  require(mosquitto_loop_start(client), "thread");

  const auto start = Clock::now();
  auto last_change = start;
  for (std::int64_t before = 0;;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (tally.arrived != before) last_change = Clock::now();
    before = tally.arrived;
    if (seconds_since(last_change) > (tally.unique == count ? 1 : quiet_s)) break;
  }
  const double took_s = std::chrono::duration<double>(last_change - start).count();
  mosquitto_disconnect(client);
  mosquitto_loop_stop(client, false);
  mosquitto_destroy(client);
  mosquitto_property_free_all(&session);
  std::printf(
      "{\"expected\": %lld, \"arrived\": %lld, \"unique\": %lld, \"missing\": %lld,"
      " \"repeats\": %lld, \"repeats_unknown_by_stamp\": %lld, \"out_of_order\": %lld,"
      " \"strange\": %lld, \"seconds\": %.2f}\n",
      static_cast<long long>(count), static_cast<long long>(tally.arrived),
      static_cast<long long>(tally.unique), static_cast<long long>(count - tally.unique),
      static_cast<long long>(tally.arrived - tally.unique - tally.strange),
      static_cast<long long>(tally.unknown_repeats), static_cast<long long>(tally.out_of_order),
      static_cast<long long>(tally.strange), took_s);
  return tally.unique == count ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  mosquitto_lib_init();
  try {
    if (command == "publish" && argc == 7) {
      return publish(std::atoi(argv[2]), argv[3], std::atoll(argv[4]), std::atoll(argv[5]),
                     static_cast<std::size_t>(std::atoll(argv[6])));
    }
    if (command == "receive" && argc == 6) {
      return receive(std::atoi(argv[2]), argv[3], std::atoll(argv[4]), std::atoi(argv[5]));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load: %s\n", error.what());
    return 1;
  }
  std::fprintf(
      stderr, "load publish PORT TOPIC FIRST COUNT SIZE\nload receive PORT FILTER COUNT QUIET_S\n");
  return 2;
}
