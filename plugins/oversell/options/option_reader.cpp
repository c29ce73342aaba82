#include "oversell/options/option_reader.hpp"

#include <charconv>

namespace bascule::oversell {

namespace {

std::string between(std::int64_t least, std::int64_t most) {
  return "must be a whole number between " + std::to_string(least) + " and " + std::to_string(most);
}

std::optional<std::int64_t> milliseconds(const Json& value) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= 10'000'000'000) {
    return value.get<std::int64_t>() * 1000;
  }
  if (!value.is_string()) return std::nullopt;
  const auto text = value.get<std::string>();
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || number < 0 || number > 1'000'000'000) return std::nullopt;
  const std::string_view unit(read.ptr, text.data() + text.size());
  if (unit == "ms") return number;
  if (unit == "s") return number * 1000;
  if (unit == "m") return number * 60'000;
  if (unit == "h") return number * 3'600'000;
  if (unit == "d") return number * 86'400'000;
  return std::nullopt;
}

}  // namespace

OptionReader::OptionReader(const plugin::Options& raw)
    : raw_(raw), json_(Json::parse(raw.json(), nullptr, false)) {
  if (json_.is_null() || raw.json().empty()) json_ = Json::object();
  must_be_section();
}

bool OptionReader::must_be_section() {
  if (json_.is_object()) return true;
  problem("", "must be a section");
  json_ = Json::object();
  return false;
}

const Json* OptionReader::find(const std::string& name) {
  known_.insert(name);
  const auto found = json_.find(name);
  return found == json_.end() ? nullptr : &*found;
}

std::size_t OptionReader::word(const std::string& name,
                               std::initializer_list<std::string_view> words,
                               std::size_t otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  std::string list;
  std::size_t place = 0;
  for (const auto known : words) {
    if (value->is_string() && value->get_ref<const std::string&>() == known) return place;
    list += (place == 0 ? "" : place + 1 == words.size() ? " or " : ", ") + std::string(known);
    ++place;
  }
  problem(name, "must be " + list);
  return otherwise;
}

std::int64_t OptionReader::as_whole(std::int64_t least, std::int64_t most) {
  if (json_.is_number_integer() && json_.get<double>() >= double(least) &&
      json_.get<double>() <= double(most)) {
    return json_.get<std::int64_t>();
  }
  problem("", between(least, most));
  return least;
}

std::int64_t OptionReader::whole(const std::string& name, std::int64_t least, std::int64_t most,
                                 std::int64_t otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  return OptionReader(raw_, *value, place_ + "/" + name).as_whole(least, most);
}

std::optional<double> OptionReader::number(const std::string& name, double least, double most) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number() && value->get<double>() >= least && value->get<double>() <= most) {
    return value->get<double>();
  }
  problem(name, "must be a number between " + Json(least).dump() + " and " + Json(most).dump());
  return std::nullopt;
}

std::int64_t OptionReader::duration_ms(const std::string& name, std::int64_t most_ms,
                                       std::int64_t otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  const auto read = milliseconds(*value);
  if (read && *read <= most_ms) return *read;
  problem(name, "must be a duration as 30s or 1h, at most " + std::to_string(most_ms / 1000) + "s");
  return otherwise;
}

bool OptionReader::off(const std::string& name) {
  const auto* value = find(name);
  return value != nullptr && (value->is_null() || *value == "off");
}

Pattern OptionReader::pattern(const std::string& name, std::string_view otherwise) {
  const auto* value = find(name);
  if (value != nullptr && !value->is_string()) {
    problem(name, "must be a topic");
  } else {
    try {
      return Pattern(value == nullptr ? std::string(otherwise) : value->get<std::string>());
    } catch (const std::invalid_argument& error) {
      problem(name, error.what());
    }
  }
  return Pattern(otherwise);
}

OptionReader OptionReader::section(const std::string& name) {
  const auto* value = find(name);
  OptionReader inner(raw_, value == nullptr ? Json::object() : *value, place_ + "/" + name);
  inner.must_be_section();
  return inner;
}

void OptionReader::refuse_others(std::string_view why) {
  for (const auto& member : json_.items()) {
    if (!known_.contains(member.key())) problem(escaped(member.key()), std::string(why));
  }
}

void OptionReader::problem(const std::string& name, const std::string& text) {
  raw_.problem(name.empty() ? place_ : place_ + "/" + name, text);
}

std::string OptionReader::escaped(std::string_view name) {
  std::string pointer;
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

}  // namespace bascule::oversell
