#include "crossing/retained_reader.hpp"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "link/status_board.hpp"
#include "text/json_text.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto turn_timeout = 30s;  // the journal has trouble

LinkSettings asking(LinkSettings settings) {
  settings.name += asks_retained;
  settings.client_id += "-retained";
  settings.keep_session = false;
  settings.will.reset();
  return settings;
}

Subscription retained_under(const std::string& filter) {
  Subscription subscription;
  subscription.filter = filter;
  subscription.no_local = false;
  subscription.always_retained = true;
  subscription.retain_as_published = false;
  subscription.qos = Qos::at_most_once;
  return subscription;
}

std::set<std::string> filters_in(std::string_view mark) {
  std::set<std::string> filters;
  const json list = json::parse(mark, nullptr, false);
  for (const json& filter : list.is_array() ? list : json::array()) {
    if (filter.is_string()) filters.insert(filter.get<std::string>());
  }
  return filters;
}

}  // namespace

RetainedReader::RetainedReader(LinkSettings settings, std::string mark_topic, const Intake& intake,
                               Loop& loop, Handlers handlers)
    : settings_(asking(std::move(settings))),
      mark_topic_(std::move(mark_topic)),
      intake_(intake),
      loop_(loop),
      handlers_(std::move(handlers)) {}

void RetainedReader::ask(const std::vector<std::string>& filters) {
  ++question_;
  // The mark first: a broker that drops what is too much has not begun to.
  std::vector<Subscription> subscriptions{retained_under(mark_topic_)};
  for (const std::string& filter : filters) subscriptions.push_back(retained_under(filter));
  connect(std::move(subscriptions));
}

// A connection knows which question it is for: the answer to an earlier one proves nothing.
void RetainedReader::connect(std::vector<Subscription> subscriptions) {
  const auto set_question = [this, question = question_] { connected_for_ = question; };
  if (link_) {
    link_->want(std::move(subscriptions));
    link_->loop().post(set_question);
    return link_->resume();
  }
  link_ = make_link(settings_);
  link_->loop().post(set_question);
  LinkHandlers handlers;
  handlers.on_deliveries = [this](std::span<const Delivery> deliveries) { hear(deliveries); };
  handlers.on_outcomes = [](std::span<const Outcome>) {};
  handlers.on_down = [this](const std::string&) { loop_.post([this] { handlers_.on_lost(); }); };
  handlers.on_subscription = [this](const SubscriptionStatus& status) {
    if (status.state == SubscriptionStatus::State::granted) return;
    loop_.post([this, filter = status.filter] { handlers_.on_denied(filter); });
  };
  handlers.on_up = [this](const Limits&) { send_fence(); };
  link_->start(std::move(handlers), std::move(subscriptions), {});
}

// Its answer comes behind what the subscriptions bring.
void RetainedReader::send_fence() { send(std::to_string(connected_for_), false); }

void RetainedReader::send(const std::string& payload, bool retain) {
  const auto state = link_->status().state;
  if (state != LinkStatus::State::up && state != LinkStatus::State::slow) return;
  const Outgoing out{{mark_topic_, payload, {}, Qos::at_most_once, retain}};
  link_->publish({&out, 1});
}

void RetainedReader::fence_again() {
  if (link_) link_->loop().post([this] { send_fence(); });
}

void RetainedReader::mark(const std::set<std::string>& filters) {
  link_->loop().post([this, payload = json_text(json(filters))] { send(payload, true); });
}

// On the thread that reads from the connection. It reads no faster than the journal compares, but
// for some reads ahead.
void RetainedReader::hear(std::span<const Delivery> deliveries) {
  Intake::Compared compared = intake_.compared(deliveries);
  unfit_ += compared.unfit;
  Read read;
  read.group = std::move(compared.group);
  read.filters = std::move(compared.filters);
  std::string fence;
  for (const Delivery& one : deliveries) {
    if (one.message.topic != mark_topic_) continue;
    if (one.message.retain) {
      read.mark = filters_in(one.message.payload);
    } else {
      fence = one.message.payload;
    }
  }
  if (turns_->try_acquire_for(turn_timeout)) {
    read.turn = {nullptr, [turns = turns_](void*) { turns->release(); }};
  }
  // Nothing is owed to the broker here: it has what it retains.
  link_->loop().post([this, tag = deliveries.back().tag] { link_->acknowledge(tag); });
  loop_.post([this, fence = std::move(fence), read = std::move(read)]() mutable {
    read.fenced = fence == std::to_string(question_);
    handlers_.on_read(std::move(read));
  });
}

void RetainedReader::end() {
  if (link_) link_->pause("all has come");
}

void RetainedReader::stop() {
  if (link_) link_->stop(0ms);
}

}  // namespace bascule
