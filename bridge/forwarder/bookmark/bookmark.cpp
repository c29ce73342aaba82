#include "forwarder/bookmark/bookmark.hpp"

#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "message/own.hpp"

namespace bascule {
namespace {

constexpr std::chrono::seconds fence_timeout{5};
constexpr std::chrono::seconds later_fence_timeout{30};  // behind what the lanes bring

std::string draw_fence() {
  std::random_device random;
  return std::to_string((std::uint64_t{random()} << 32) | random());
}

}  // namespace

Bookmark::Bookmark(std::string bridge_id, Loop& loop, Publish publish)
    : bridge_id_(std::move(bridge_id)), loop_(loop), publish_(std::move(publish)) {}

void Bookmark::ask(bool session_present, std::function<void(FarKnowledge)> done) {
  known_.session_present = session_present;
  done_ = std::move(done);
  fence_ = draw_fence();
  timeout_ = loop_.after(fence_timeout, [this] { finish(false); });
  publish_(nlohmann::json{{"fence", fence_}}.dump(), false);
}

void Bookmark::fence(std::function<void(bool)> done) {
  passed_ = std::move(done);
  later_fence_ = draw_fence();
  later_timeout_ = loop_.after(later_fence_timeout, [this] { pass(false); });
  publish_(nlohmann::json{{"fence", later_fence_}}.dump(), false);
}

void Bookmark::pass(bool heard) {
  later_fence_.clear();
  later_timeout_.reset();
  if (const auto done = std::exchange(passed_, nullptr)) done(heard);
}

void Bookmark::forget() {
  later_fence_.clear();
  passed_ = nullptr;
  later_timeout_.reset();
  fence_.clear();
  answered_ = false;
  known_ = {};
  done_ = nullptr;
  timeout_.reset();
}

void Bookmark::heard(std::string_view payload) {
  // Whoever may publish there may write anything: it is read as data that can be wrong.
  const auto json = nlohmann::json::parse(payload, nullptr, false);
  if (!json.is_object()) return;
  if (json.contains("fence")) {
    if (!fence_.empty() && json["fence"] == fence_) finish(true);
    if (!later_fence_.empty() && json["fence"] == later_fence_) pass(true);
    return;
  }
  if (json.value("bridge", nlohmann::json()) != bridge_id_ || !json.contains("epoch") ||
      !json["epoch"].is_string() || !json.contains("lanes") || !json["lanes"].is_object()) {
    return;
  }
  Lanes lanes;
  for (const auto& [name, sequence] : json["lanes"].items()) {
    if (sequence.is_number_unsigned()) lanes[name] = sequence.get<std::uint64_t>();
  }
  const auto epoch = json["epoch"].get<std::string>();
  const auto number = json.value("connection", nlohmann::json());
  const std::uint64_t connection =
      number.is_number_unsigned() ? number.get<std::uint64_t>() : std::uint64_t{0};
  if (!answered_) {
    known_.epoch = epoch;
    known_.connection = connection;
    known_.lanes = std::move(lanes);
  } else if (on_confirmed) {
    on_confirmed(epoch, connection, lanes);
  }
}

void Bookmark::heard_state(std::string_view payload) {
  if (!answered_) known_.online = payload == state_online;
}

void Bookmark::finish(bool readable) {
  fence_.clear();
  answered_ = true;
  timeout_.reset();
  known_.asked = true;
  known_.readable = readable;
  if (const auto done = std::exchange(done_, nullptr)) done(std::move(known_));
}

void Bookmark::write(const std::string& epoch, std::uint64_t connection, const Lanes& lanes) {
  nlohmann::json json{{"bridge", bridge_id_}, {"epoch", epoch}, {"lanes", lanes}};
  if (connection != 0) json["connection"] = connection;
  publish_(json.dump(), true);
}

}  // namespace bascule
