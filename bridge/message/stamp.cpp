#include "message/stamp.hpp"

#include <algorithm>
#include <charconv>

#include "message/properties.hpp"
#include "text/number.hpp"

namespace bascule {
namespace {

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t epoch_digits = 16;
constexpr std::size_t text_bytes_max = 65'535;

bool digit(char c) { return c >= '0' && c <= '9'; }

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
                  c == '_' || c == '-';
         });
}

bool valid_epoch(std::string_view epoch) {
  return epoch.size() == epoch_digits && std::all_of(epoch.begin(), epoch.end(), [](char c) {
           return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

// The part of `rest` before the first slash, taken off with the slash.
std::string_view take_field(std::string_view& rest) {
  const auto field = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(field.size() + 1, rest.size()));
  return field;
}

template <typename Number>
void append_number(std::string& text, Number number) {
  char digits[20];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_stamp(std::string& text, const Stamp& stamp) {
  text.append(stamp.origin).append(1, '/').append(stamp.epoch).append(1, '/');
  text.append(stamp.lane).append(1, '/');
  append_number(text, stamp.sequence);
  text += '/';
  append_number(text, stamp.captured_ms);
}

// What a proof is a proof of: all before the field with it.
std::string_view proven_fields(std::string_view text) { return text.substr(0, text.rfind('/')); }

// Appends a user property whose value `write` appends in place, so that no copy is made of it.
template <typename Write>
void append_user_property(std::string& block, std::string_view name, Write write) {
  append_property(block, {PropertyId::user_property, 0, name, {}});
  const auto begin = block.size();
  write(block);
  const auto length = block.size() - begin;
  block[begin - 2] = static_cast<char>(length >> 8);
  block[begin - 1] = static_cast<char>(length);
}

}  // namespace

std::optional<Stamp> parse_stamp(std::string_view text) {
  const auto slashes = std::count(text.begin(), text.end(), '/');
  if (slashes != 4 && slashes != 5) return std::nullopt;
  Stamp stamp;
  stamp.origin = take_field(text);
  stamp.epoch = take_field(text);
  stamp.lane = take_field(text);
  const auto sequence = parse_number<std::uint64_t>(take_field(text));
  const auto captured_ms = parse_number<std::int64_t>(take_field(text));
  stamp.proof = text;
  const bool valid = valid_name(stamp.origin) && valid_epoch(stamp.epoch) &&
                     valid_name(stamp.lane) && sequence && *sequence > 0 && captured_ms &&
                     (slashes == 4 || is_proof(stamp.proof));
  if (!valid) return std::nullopt;
  stamp.sequence = *sequence;
  stamp.captured_ms = *captured_ms;
  return stamp;
}

std::string format_stamp(const Stamp& stamp) {
  std::string text;
  append_stamp(text, stamp);
  if (!stamp.proof.empty()) text.append(1, '/').append(stamp.proof);
  return text;
}

StampText find_stamp(std::string_view block) {
  StampText found;
  PropertyReader reader(block);
  while (const auto property = reader.next()) {
    if (property->id != PropertyId::user_property) continue;
    if (property->name == stamp_property && found.stamp.empty()) found.stamp = property->value;
    if (property->name == via_property && found.via.empty()) found.via = property->value;
  }
  return found;
}

std::optional<Stamp> proven_stamp(const StampText& text, const Message& message, Prover& prover) {
  const auto stamp = parse_stamp(text.stamp);
  if (!stamp || stamp->proof.empty() ||
      !prover.fits(stamp->proof, proven_fields(text.stamp), text.via, message.topic,
                   message.payload)) {
    return std::nullopt;
  }
  return stamp;
}

std::string_view bridges(const StampText& text) {
  return !text.via.empty() ? text.via : text.stamp.substr(0, text.stamp.find('/'));
}

bool passed(std::string_view via, std::string_view id) {
  while (!via.empty()) {
    const auto passed_id = via.substr(0, via.find(','));
    if (passed_id == id) return true;
    via.remove_prefix(std::min(passed_id.size() + 1, via.size()));
  }
  return false;
}

int hops(std::string_view via) {
  return via.empty() ? 0 : 1 + static_cast<int>(std::count(via.begin(), via.end(), ','));
}

StampText copy_aged(std::string_view block, std::uint32_t waited_s, std::string& out) {
  out.clear();
  StampText before;
  PropertyReader reader(block);
  while (auto property = reader.next()) {
    const bool user = property->id == PropertyId::user_property;
    if (user && property->name == stamp_property) {
      if (before.stamp.empty()) before.stamp = property->value;
      continue;
    }
    if (user && property->name == replayed_property) continue;
    if (user && property->name == via_property) {
      if (before.via.empty()) before.via = property->value;
      continue;
    }
    if (property->id == PropertyId::message_expiry) {
      property->number = property->number > waited_s ? property->number - waited_s : 1;
    }
    append_property(out, *property);
  }
  return before;
}

void restamp(const Message& message, const Stamp& stamp, std::uint32_t waited_s, Prover& prover,
             std::string& out) {
  std::string_view passed = bridges(copy_aged(message.properties, waited_s, out));
  // No bascule writes a via that leaves no room; one that does is not worth keeping.
  if (passed.size() + 1 + stamp.origin.size() > text_bytes_max) passed = {};
  std::string via;  // most messages have none
  if (!passed.empty()) via.append(passed).append(1, ',').append(stamp.origin);

  append_user_property(out, stamp_property, [&](std::string& value) {
    const std::size_t begin = value.size();
    append_stamp(value, stamp);
    const std::string_view fields = std::string_view(value).substr(begin);
    const std::string_view proof = prover.prove(fields, via, message.topic, message.payload);
    value.append(1, '/').append(proof);
  });
  if (!via.empty()) append_property(out, {PropertyId::user_property, 0, via_property, via});
}

void unstamp(std::string_view block, std::string& out) {
  out.clear();
  PropertyReader reader(block);
  while (const auto property = reader.next()) {
    const bool ours = property->id == PropertyId::user_property &&
                      (property->name == stamp_property || property->name == via_property);
    if (!ours) append_property(out, *property);
  }
}

}  // namespace bascule
