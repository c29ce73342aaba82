#include "config/link/terms.hpp"

#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "config/values.hpp"
#include "message/topic.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;
constexpr auto day = 24h;
constexpr std::uint64_t kibi = 1024;

// 90/s or 90msg/s.
double messages_per_s(const std::string& text) {
  try {
    const auto slash = text.find("/s");
    const bool bare = slash != std::string::npos && slash == text.find_first_not_of("0123456789");
    const Rate rate = parse_rate(bare ? text.substr(0, slash) + "msg/s" : text);
    if (rate.messages_per_s > 0) return static_cast<double>(rate.messages_per_s);
  } catch (const std::invalid_argument&) {
    // The same is said of both.
  }
  throw std::invalid_argument("must be a rate such as 90/s, not " + in_quotes(text));
}

double bytes_per_s(const std::string& text) {
  const Rate rate = parse_rate(text);
  if (rate.bytes_per_s > 0) return static_cast<double>(rate.bytes_per_s);
  throw std::invalid_argument("must be a rate such as 500KiB/s, not " + in_quotes(text));
}

std::string own_topic_text(const std::string& text, const std::string& id) {
  const std::string topic = with_id(text, id);
  std::string why;
  if (!valid_topic(topic, &why)) throw std::invalid_argument("is no topic: " + why);
  if (topic.starts_with('$') || topic.starts_with('/') || topic.ends_with('/')) {
    throw std::invalid_argument("must be a topic that neither begins with $ or / nor ends with /");
  }
  return topic;
}

auto own_topic_of(const std::string& id) {
  return [&id](const std::string& text) -> OwnTopic {
    if (text == "on" || text == "true") return {};
    if (text == "off" || text == "false") return {false, {}};
    if (text.find('/') == std::string::npos) {
      throw std::invalid_argument("must be on, off or a topic with a slash, not " +
                                  in_quotes(text));
    }
    return {true, own_topic_text(text, id)};
  };
}

// on, off, a topic, or a map of `every` and `topic`.
void read_bookmark(Section& own, const std::string& id, OwnTopics& topics) {
  if (!own.has("bookmark") || own.is_text("bookmark")) {
    own.read("bookmark", topics.bookmark, own_topic_of(id));
    return;
  }
  Section bookmark = own.section("bookmark");
  topics.bookmark = {};
  bookmark.read("topic", topics.bookmark, own_topic_of(id));
  bookmark.read("every", topics.bookmark_every, duration(1s, day));
  bookmark.finish();
}

void check_distinct(Section& own, const OwnTopics& topics) {
  std::set<std::string_view> seen;
  const OwnTopic* const all[] = {&topics.state, &topics.bookmark, &topics.events, &topics.summary};
  for (const OwnTopic* const one : all) {
    if (one->topic.empty() || seen.insert(one->topic).second) continue;
    own.complain("\"own_topics\" names " + in_quotes(one->topic) +
                 " twice; each needs a topic of its own");
  }
}

// What is asked for by name, and cannot be.
void warn_of_own(Section& own, const LinkSettings& settings) {
  const OwnTopics& topics = settings.own_topics;
  if (own.has("bookmark") && topics.bookmark.on && !settings.retain) {
    own.warn(
        "bookmark",
        "\"bookmark\" has no effect with \"retain: off\", for it is a retained message: should "
        "this broker lose what it accepted, that goes unnoticed");
  }
  if (own.has("will") && topics.will && !topics.state.on) {
    own.warn(
        "will",
        "\"will\" has no effect with \"state: off\", for it is published there: nobody is told "
        "at this broker when the bridge is lost");
  }
}

void read_own_topics(Section& link, const std::string& id, LinkSettings& settings) {
  OwnTopics& topics = settings.own_topics;
  if (link.is_text("own_topics")) {
    bool on = true;
    link.read("own_topics", on, on_off);
    for (OwnTopic* const one : {&topics.state, &topics.bookmark, &topics.events, &topics.summary}) {
      one->on = on;
    }
    topics.will = on;
    return;
  }
  Section own = link.section("own_topics");
  own.read("prefix", topics.prefix,
           [&id](const std::string& text) { return own_topic_text(text, id); });
  own.read("state", topics.state, own_topic_of(id));
  read_bookmark(own, id, topics);
  own.read("events", topics.events, own_topic_of(id));
  own.read("summary", topics.summary, own_topic_of(id));
  own.read("will", topics.will, on_off);
  check_distinct(own, topics);
  warn_of_own(own, settings);
  own.finish();
}

void read_limits(Section& link, LinkSettings& settings) {
  link.read("max_qos", settings.max_qos, whole(1, 2));
  link.read("retain", settings.retain, on_off);
  link.read("max_payload", settings.publish_max_payload_bytes, size(1, 255 * kibi * kibi));
  Section topic = link.section("topic");
  topic.read("levels", settings.topic_limits.levels, whole(1, 65'535));
  topic.read("bytes", settings.topic_limits.bytes, whole(1, 65'535));
  topic.finish();
  Section rate = link.section("rate");
  rate.read("messages", settings.rate.messages_per_s, messages_per_s);
  rate.read("bytes", settings.rate.bytes_per_s, bytes_per_s);
  rate.finish();
  Section subscriptions = link.section("subscriptions");
  subscriptions.read("at_once", settings.subscription_limits.at_once, whole(1, 65'535));
  subscriptions.read("total", settings.subscription_limits.total, whole(1, 65'535));
  subscriptions.finish();
}

}  // namespace

void read_terms(Section& link, const std::string& id, LinkSettings& settings) {
  link.read("protocol", settings.protocol, one_of(protocol_words));
  link.read("keep_alive", settings.keep_alive, duration(1s, 18h));
  link.read("session_expiry", settings.session_expiry, duration(1s, 49'710 * day));
  link.read("window", settings.window, whole(1, 65'535));
  link.read("retained", settings.retained, one_of(after_gap_words));
  link.read("broker", settings.broker, one_of(broker_words));
  read_limits(link, settings);
  read_own_topics(link, id, settings);
}

}  // namespace bascule
