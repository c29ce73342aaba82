#include "oversell/ledger/request.hpp"

#include <algorithm>

namespace bascule::oversell {

namespace {

constexpr std::size_t ref_bytes_max = 4096;

// Correlation data is any bytes; JSON is UTF-8.
std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string unhex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(digit(text[i]) << 4 | digit(text[i + 1]));
  }
  return bytes;
}

}  // namespace

Request Request::of(const plugin::Input& input, const Captures& captures, const Pattern& reply) {
  Request request;
  request.item = captures.at("item");
  request.back =
      input.direction() == plugin::Direction::up ? plugin::Direction::down : plugin::Direction::up;
  request.reply_topic = input.response_topic();
  if (request.reply_topic.empty()) request.reply_topic = reply.fill(captures);
  request.correlation = input.correlation_data();
  if (input.payload().empty()) return request;
  const auto json = parse_json(input.payload());
  try {
    const auto object = json.is_number_integer() ? Json{{"quantity", json}} : json;
    if (!object.is_object()) throw std::runtime_error("no request");
    request.id = object.value("id", Json());
    request.ref = object.value("ref", Json());
    if (object.contains("quantity")) request.quantity = oversell::quantity(object, "quantity");
    request.bad = std::max(request.id.dump().size(), request.ref.dump().size()) > ref_bytes_max;
  } catch (const std::exception&) {
    request.bad = true;
  }
  return request;
}

std::int64_t Request::quantity_of(std::string_view payload) {
  if (payload.empty()) return 1;
  const auto json = parse_json(payload);
  const auto object = json.is_number_integer() ? Json{{"quantity", json}} : json;
  if (!object.is_object()) throw std::runtime_error("the payload must be a quantity");
  const auto count = object.contains("quantity") ? oversell::quantity(object, "quantity") : 1;
  if (count < 1) throw std::runtime_error("the quantity must be 1 or more");
  return count;
}

Json Request::ref_of(std::string_view payload) {
  const auto json = parse_json(payload);
  if (!json.is_object()) return {};
  auto ref = json.value("ref", Json());
  if (ref.dump().size() > ref_bytes_max) throw std::runtime_error("the ref is over 4 KiB");
  return ref;
}

Json Request::reply() const {
  Json reply{{"item", item}, {"quantity", quantity}};
  if (!id.is_null()) reply["id"] = id;
  return reply;
}

void Request::answer(plugin::Step& step, const Json& reply) const {
  plugin::Output output;
  output.direction = back;
  output.topic = reply_topic;
  output.payload = reply.dump();
  output.content_type = "application/json";
  output.correlation_data = correlation;
  step.emit(output);
}

Json Request::json() const {
  return {{"item", item},
          {"quantity", quantity},
          {"id", id},
          {"ref", ref},
          {"up", back == plugin::Direction::up},
          {"topic", reply_topic},
          {"correlation", hex(correlation)}};
}

Json Request::address() const {
  auto address = json();
  address.erase("ref");
  return address;
}

Request Request::of(const Json& json) {
  Request request;
  request.item = text(json, "item");
  request.quantity = integer(json, "quantity");
  request.id = json.at("id");
  request.ref = json.value("ref", Json());
  request.back = flag(json, "up") ? plugin::Direction::up : plugin::Direction::down;
  request.reply_topic = text(json, "topic");
  request.correlation = unhex(text(json, "correlation"));
  return request;
}

}  // namespace bascule::oversell
