#include "replay/comparison.hpp"

#include <algorithm>
#include <vector>

namespace bascule {
namespace {

using nlohmann::json;

// The changes are told apart up to so many; the rest is one more.
constexpr std::size_t changes_max = 200;

std::string shown(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// One of a few, such as "REFUSE": not a number, and no name with one in it.
bool is_word(const json& value) {
  if (value.is_null() || value.is_boolean()) return true;
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return std::none_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What is different, in so few words that many differences have the same.
std::string difference(const std::string& was, const std::string& would_be) {
  if (was == would_be) return "what it sends";
  const json before = was.empty() ? json::object() : json::parse(was, nullptr, false);
  const json after = would_be.empty() ? json::object() : json::parse(would_be, nullptr, false);
  json both = before;
  both.update(after);
  std::string text;
  for (const auto& [name, value] : both.items()) {
    const json from = before.value(name, json()), to = after.value(name, json());
    if (from == to) continue;
    if (!text.empty()) text += ", ";
    text += is_word(from) && is_word(to) ? name + ": " + shown(from) + " -> " + shown(to) : name;
  }
  return text;
}

json parsed(const std::string& text) {
  return text.empty() ? json() : json::parse(text, nullptr, false);
}

json place(const PastInputs::One& one) {
  return {{"direction", to_string(one.input.direction)}, {"number", one.input.number}};
}

}  // namespace

void Comparison::present(const PastInputs::One& one, const std::optional<Redecision>& made) {
  if (made && made->failure.empty() && made->verdict == one.verdict) {
    ++reproduced_;
  } else if (otherwise_++ == 0) {
    first_otherwise_ = place(one);
  }
}

void Comparison::other(const PastInputs::One& one, const std::optional<Redecision>& was,
                       const std::optional<Redecision>& would_be) {
  if (!would_be) {
    if (was) ++not_asked_for_;
    return;
  }
  const std::string before = was ? was->verdict : one.verdict;
  if (!would_be->failure.empty()) {
    ++failed_;
    return note(one, "it would fail: " + would_be->failure, before, *would_be);
  }
  if (was && was->verdict == would_be->verdict && was->emitted == would_be->emitted) {
    ++same_;
    return;
  }
  ++different_;
  note(one, difference(before, would_be->verdict), before, *would_be);
}

json Comparison::present_answer() const {
  return {{"reproduced", reproduced_},
          {"otherwise", otherwise_},
          {"first_otherwise", first_otherwise_}};
}

json Comparison::other_answer() const {
  std::vector<json> changes;
  for (const auto& [what, change] : changes_) {
    json one = change.first;
    one["what"] = what;
    one["count"] = change.count;
    changes.push_back(std::move(one));
  }
  std::stable_sort(changes.begin(), changes.end(),
                   [](const json& a, const json& b) { return a["count"] > b["count"]; });
  return {{"same", same_},      {"different", different_},
          {"failed", failed_},  {"not_asked_for", not_asked_for_},
          {"changes", changes}, {"differences", differences_}};
}

void Comparison::note(const PastInputs::One& one, std::string what, const std::string& was,
                      const Redecision& would_be) {
  if (!changes_.contains(what) && changes_.size() >= changes_max) what = "others";
  Change& change = changes_[what];
  if (change.count++ == 0) change.first = place(one);
  if (differences_.size() >= listed_) return;
  json entry = place(one);
  entry.update({{"topic", one.topic},
                {"wall_ms", one.input.wall_ms},
                {"what", what},
                {"was", parsed(was)},
                {"would_be", parsed(would_be.verdict)}});
  differences_.push_back(std::move(entry));
}

}  // namespace bascule
