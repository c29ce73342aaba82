// What a device asks over MQTT, and where its answer goes: to the response topic with the
// correlation data (MQTT 5), else to a topic made of the request's captures.
#pragma once

#include <cstdint>
#include <string>

#include "bascule/policy.hpp"
#include "oversell/options/quantity.hpp"
#include "sdk/pattern.hpp"

namespace bascule::oversell {

struct Request {
  std::string item;
  std::int64_t quantity = 1;
  bool bad = false;  // the payload can't be read; still, somebody waits for an answer
  Json id;           // given back in the answer, for devices without correlation data
  Json ref;          // kept with the sale: who it is for, which badge
  plugin::Direction back = plugin::Direction::down;
  std::string reply_topic;
  std::string correlation;

  // Payload: nothing (one), a number, or {"quantity": 2, "id": …, "ref": …}.
  static Request of(const plugin::Input& input, const Captures& captures, const Pattern& reply);
  // Of a fact, in the same forms. Throws unless it is 1 or more.
  static std::int64_t quantity_of(std::string_view payload);

  static Json ref_of(std::string_view payload);

  Json reply() const;  // with what every answer has
  void answer(plugin::Step& step, const Json& reply) const;

  // While the authority is asked. And what it takes to answer once more: all but `ref`.
  Json json() const;
  Json address() const;
  static Request of(const Json& json);
};

}  // namespace bascule::oversell
