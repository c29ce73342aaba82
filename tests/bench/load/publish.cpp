#include "publish.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>

namespace load {

namespace {

constexpr std::size_t payload_bytes_min = 48;  // two numbers of 20 digits have room
constexpr std::size_t unwritten_max = 256 << 10;
constexpr std::int64_t a_second_ns = 1'000'000'000;
constexpr std::int64_t packet_ids = 65'535;
constexpr std::size_t number_bytes = 20;  // with the brace behind it

class Publisher {
 public:
  explicit Publisher(const PublishSettings& settings)
      : settings_(settings),
        window_(std::min(settings.window, packet_ids)),
        template_(settings.client.protocol,
                  settings.topic + (settings.records > 0 ? "/0000000" : ""),
                  std::max(settings.payload_bytes, payload_bytes_min)),
        client_(settings.client) {
    if (settings.records > 0) begin_edits();
  }

  void run() {
    start_ns_ = now_ns();
    while (acknowledged_ < settings_.count) {
      const auto now = now_ns();
      while (may_send() && client_.unwritten() < unwritten_max && due_ns() <= now) send(now);
      client_.turn(may_send() ? due_ns() : now + a_second_ns);
      take_acknowledgements();
    }
    const auto end_ns = now_ns();
    client_.disconnect();
    const auto took_s = static_cast<double>(end_ns - start_ns_) / a_second_ns;
    std::printf(
        "{\"published\": %lld, \"seconds\": %.3f, \"per_s\": %.0f, \"start_ns\": %lld,"
        " \"end_ns\": %lld}\n",
        static_cast<long long>(settings_.count), took_s,
        static_cast<double>(settings_.count) / took_s, static_cast<long long>(start_ns_),
        static_cast<long long>(end_ns));
  }

 private:
  bool may_send() const { return sent_ < settings_.count && sent_ - acknowledged_ < window_; }

  std::int64_t due_ns() const {
    return settings_.per_s == 0 ? 0 : start_ns_ + sent_ * a_second_ns / settings_.per_s;
  }

  void send(std::int64_t now) {
    auto& bytes = template_.bytes;
    const auto id = static_cast<unsigned>(sent_ % packet_ids + 1);
    bytes[template_.packet_id_at] = static_cast<char>(id >> 8);
    bytes[template_.packet_id_at + 1] = static_cast<char>(id);
    if (settings_.records > 0) {
      write_edit();
    } else {
      write_numbers(now);
    }
    client_.out() += bytes;
    ++sent_;
  }

  void write_numbers(std::int64_t now) {
    auto& bytes = template_.bytes;
    // The numbers never get shorter, so nothing of those before is left behind them.
    char* at = bytes.data() + template_.payload_at;
    char* const end = bytes.data() + bytes.size();
    at = std::to_chars(at, end, settings_.first + sent_).ptr;
    *at++ = ' ';
    at = std::to_chars(at, end, now).ptr;
    *at = ' ';
  }

  // What no edit changes: the payload but for its number.
  void begin_edits() {
    // What an edit at random changes is not the long text that a record was made with.
    const std::string begin = settings_.in_order ? R"({"x":")" : R"({"y":")", middle = R"(","n":)";
    auto& bytes = template_.bytes;
    const auto filler =
        bytes.size() - template_.payload_at - begin.size() - middle.size() - number_bytes;
    const auto text = begin + std::string(filler, 'x') + middle + std::string(number_bytes, ' ');
    bytes.replace(template_.payload_at, text.size(), text);
  }

  void write_edit() {
    auto& bytes = template_.bytes;
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    const auto records = static_cast<std::uint64_t>(settings_.records);
    auto record =
        settings_.in_order ? static_cast<std::uint64_t>(sent_) % records : random_ % records;
    for (auto at = template_.packet_id_at; at > template_.packet_id_at - 7; record /= 10) {
      bytes[--at] = static_cast<char>('0' + record % 10);
    }
    char* const end = bytes.data() + bytes.size();
    char* const at = std::to_chars(end - number_bytes, end, settings_.first + sent_).ptr;
    *at = '}';
  }

  void take_acknowledgements() {
    while (const auto packet = client_.next()) {
      if (packet->type == 4) ++acknowledged_;
    }
  }

  const PublishSettings& settings_;
  const std::int64_t window_;
  PublishTemplate template_;
  Client client_;
  std::uint64_t random_ = 88172645463325252ULL;
  std::int64_t start_ns_ = 0;
  std::int64_t sent_ = 0;
  std::int64_t acknowledged_ = 0;
};

}  // namespace

void publish(const PublishSettings& settings) { Publisher(settings).run(); }

}  // namespace load
