#include "conflict/options/option_reader.hpp"

#include <charconv>
#include <stdexcept>

namespace bascule::conflict {

namespace {

constexpr std::int64_t seconds_max = 3'650LL * 86'400;

}  // namespace

std::optional<int> minute_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const auto i : {0, 1, 3, 4}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (hour > 23 || minute > 59) return std::nullopt;
  return hour * 60 + minute;
}

OptionReader::OptionReader(const plugin::Options& raw) : raw_(raw), json_(parse_json(raw.json())) {
  if (json_.is_object()) return;
  problem("", "must be a section");
  json_ = Json::object();
}

const Json* OptionReader::find(const std::string& name) {
  if (name.empty()) return &json_;
  known_.insert(name);
  const auto found = json_.find(name);
  return found == json_.end() ? nullptr : &*found;
}

std::string OptionReader::text(const std::string& name, std::string_view otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return std::string(otherwise);
  if (value->is_string()) return value->get<std::string>();
  if (value->is_null() && !otherwise.empty()) return "none";  // `none` and `~` alike
  problem(at(name), "must be a text");
  return std::string(otherwise);
}

std::vector<std::string> OptionReader::texts(const std::string& name) {
  std::vector<std::string> list;
  const auto* value = find(name);
  if (value == nullptr) return list;
  if (value->is_string()) return {value->get<std::string>()};
  for (const auto& item : *value) {
    if (item.is_string()) {
      list.push_back(item.get<std::string>());
    } else {
      problem(at(name), "must be a list of texts");
      break;
    }
  }
  return list;
}

std::string OptionReader::pointer(const std::string& name) {
  auto value = text(name, "");
  try {
    if (!value.empty()) Json::json_pointer{value};
  } catch (const std::exception&) {
    problem(at(name), "must be a JSON pointer as /meta/version");
    return "";
  }
  return value;
}

Pattern OptionReader::pattern(const std::string& name, std::string_view otherwise) {
  const auto value = text(name, otherwise);
  if (value.empty()) return {};
  try {
    return Pattern(value);
  } catch (const std::invalid_argument& error) {
    problem(at(name), error.what());
    return {};
  }
}

std::int64_t OptionReader::seconds(const std::string& name, std::int64_t otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  if (value->is_number_unsigned() && value->get<std::uint64_t>() <= std::uint64_t(seconds_max)) {
    return value->get<std::int64_t>();
  }
  if (value->is_string()) {
    const auto word = value->get<std::string>();
    std::int64_t number = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
    const std::string_view unit(read.ptr, word.data() + word.size());
    const int scale = unit == "s"   ? 1
                      : unit == "m" ? 60
                      : unit == "h" ? 3600
                      : unit == "d" ? 86'400
                                    : 0;
    if (read.ec == std::errc() && scale != 0 && number >= 0 && number <= seconds_max / scale) {
      return number * scale;
    }
  }
  problem(at(name), "must be a duration as 60s");
  return otherwise;
}

bool OptionReader::is_none(const std::string& name) {
  const auto* value = find(name);
  return value != nullptr && (value->is_null() || *value == "none");
}

std::uint64_t OptionReader::whole(const std::string& name, std::uint64_t least, std::uint64_t most,
                                  std::uint64_t otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  const bool number = value->is_number_unsigned();
  if (number && value->get<std::uint64_t>() >= least && value->get<std::uint64_t>() <= most) {
    return value->get<std::uint64_t>();
  }
  problem(at(name), "must be a whole number between " + std::to_string(least) + " and " +
                        std::to_string(most));
  return otherwise;
}

std::optional<double> OptionReader::number(const std::string& name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->get<double>();
  problem(at(name), "must be a number");
  return std::nullopt;
}

bool OptionReader::flag(const std::string& name) {
  const auto* value = find(name);
  if (value == nullptr) return false;
  if (value->is_boolean()) return value->get<bool>();
  problem(at(name), "must be true or false");
  return false;
}

std::vector<std::string> OptionReader::values(const std::string& name) {
  std::vector<std::string> list;
  const auto* value = find(name);
  if (value == nullptr) return list;
  if (!value->is_array() || value->empty()) problem(at(name), "must be a list of values");
  for (const auto& item : *value) list.push_back(item.dump());
  return list;
}

OptionReader OptionReader::section(const std::string& name) {
  const auto* value = find(name);
  if (value == nullptr) return inner(name, Json::object());
  if (!value->is_object()) {
    problem(at(name), "must be a section");
    return inner(name, Json::object());
  }
  return inner(name, *value);
}

void OptionReader::refuse_others() {
  for (const auto& [name, value] : json_.items()) {
    if (!known_.contains(name)) problem("/" + name, "is not known");
  }
}

void OptionReader::problem(const std::string& pointer, const std::string& text) {
  raw_.problem(place_ + pointer, text);
}

}  // namespace bascule::conflict
