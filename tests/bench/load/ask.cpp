#include "ask.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <vector>

namespace load {

namespace {

constexpr std::size_t unwritten_max = 256 << 10;
constexpr std::int64_t a_second_ns = 1'000'000'000;
constexpr std::int64_t packet_ids = 65'535;
constexpr std::size_t number_bytes = 8;

class Asker {
 public:
  explicit Asker(const AskSettings& settings)
      : settings_(settings),
        answers_("load/" + settings.client.id),
        request_(settings.topic, answers_, settings.payload),
        client_(settings.client),
        sent_ns_(static_cast<std::size_t>(settings.count)) {}

  bool run() {
    subscribe();
    start_ns_ = heard_ns_ = now_ns();
    while (answered_ < settings_.count && now_ns() - heard_ns_ < settings_.quiet_s * a_second_ns) {
      const auto now = now_ns();
      while (may_send() && client_.unwritten() < unwritten_max && due_ns() <= now) send(now);
      client_.turn(may_send() ? due_ns() : now + a_second_ns);
      take();
    }
    const auto took_s = static_cast<double>(now_ns() - start_ns_) / a_second_ns;
    client_.disconnect();
    print(took_s);
    return answered_ == settings_.count && repeated_ == 0 && others_ == 0;
  }

 private:
  void subscribe() {
    append_subscribe(client_.out(), Protocol::v5, answers_);
    for (const auto end = now_ns() + 30 * a_second_ns; now_ns() < end; client_.turn(end)) {
      if (const auto packet = client_.next(); packet && packet->type == 9) return;
    }
    throw std::runtime_error("the broker does not confirm the subscription");
  }

  bool may_send() const { return sent_ < settings_.count && sent_ - answered_ < settings_.window; }

  std::int64_t due_ns() const {
    return settings_.per_s == 0 ? 0 : start_ns_ + sent_ * a_second_ns / settings_.per_s;
  }

  void send(std::int64_t now) {
    request_.number(static_cast<unsigned>(sent_ % packet_ids + 1),
                    static_cast<std::uint64_t>(sent_));
    client_.out() += request_.bytes;
    // When it was due: what keeps the load from asking in time is part of the answer's time.
    sent_ns_[static_cast<std::size_t>(sent_++)] = settings_.per_s == 0 ? now : due_ns();
  }

  void take() {
    while (const auto packet = client_.next()) {
      if (packet->type != 3) continue;
      const auto publish = read_publish(Protocol::v5, *packet);
      if (publish.packet_id != 0) append_puback(client_.out(), publish.packet_id);
      const auto number = number_of(correlation_data(publish.properties));
      if (number >= sent_ns_.size() || sent_ns_[number] == 0) {
        ++repeated_;
        continue;
      }
      heard_ns_ = now_ns();
      latencies_ms_.push_back(static_cast<double>(heard_ns_ - sent_ns_[number]) / 1e6);
      sent_ns_[number] = 0;
      ++answered_;
      if (publish.payload.find(settings_.expected) == std::string_view::npos) ++others_;
    }
  }

  static std::size_t number_of(std::string_view bytes) {
    std::size_t number = 0;
    for (const unsigned char byte : bytes) number = number << 8 | byte;
    return bytes.size() == number_bytes ? number : static_cast<std::size_t>(-1);
  }

  double latency(double share) {
    if (latencies_ms_.empty()) return 0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(latencies_ms_.size() - 1));
    std::nth_element(latencies_ms_.begin(), latencies_ms_.begin() + static_cast<std::ptrdiff_t>(at),
                     latencies_ms_.end());
    return latencies_ms_[at];
  }

  void print(double took_s) {
    std::printf(
        "{\"asked\": %lld, \"answered\": %lld, \"others\": %lld, \"repeated\": %lld,"
        " \"seconds\": %.3f, \"per_s\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f,"
        " \"p999_ms\": %.3f}\n",
        static_cast<long long>(sent_), static_cast<long long>(answered_),
        static_cast<long long>(others_), static_cast<long long>(repeated_), took_s,
        static_cast<double>(answered_) / took_s, latency(.5), latency(.99), latency(.999));
  }

  const AskSettings& settings_;
  const std::string answers_;
  RequestTemplate request_;
  Client client_;
  std::vector<std::int64_t> sent_ns_;  // by number; 0: answered
  std::vector<double> latencies_ms_;
  std::int64_t start_ns_ = 0;
  std::int64_t heard_ns_ = 0;
  std::int64_t sent_ = 0;
  std::int64_t answered_ = 0;
  std::int64_t others_ = 0;
  std::int64_t repeated_ = 0;
};

}  // namespace

bool ask(const AskSettings& settings) { return Asker(settings).run(); }

}  // namespace load
