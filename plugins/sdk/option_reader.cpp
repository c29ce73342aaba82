#include "sdk/option_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <stdexcept>

#include "sdk/number.hpp"

namespace bascule::sdk {

namespace {

// Levenshtein's distance, one row at a time.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

// The name that was probably meant, to be put behind what is wrong; empty: none is near.
std::string meant(std::string_view typed, const std::set<std::string>& known) {
  constexpr std::size_t longest = 60;
  std::size_t fewest = 2 + typed.size() / 4;  // not near: this many edits, or more
  std::string_view best;
  for (const std::string& name : known) {
    const std::size_t distance = typed.size() > longest ? fewest : edits(typed, name);
    if (distance >= fewest || distance >= name.size()) continue;
    fewest = distance;
    best = name;
  }
  return best.empty() ? "" : "; did you mean " + quote(best) + '?';
}

}  // namespace

OptionReader::OptionReader(const plugin::Options& raw) : raw_(raw), json_(parse_json(raw.json())) {
  if (raw.json().empty() || json_.is_null()) json_ = Json::object();
  must_be_section();
}

bool OptionReader::must_be_section() {
  if (json_.is_object()) return true;
  problem("", "must be a section");
  json_ = Json::object();
  return false;
}

const Json* OptionReader::find(const std::string& name) {
  if (name.empty()) return &json_;
  known_.insert(name);
  const auto found = json_.find(name);
  return found == json_.end() ? nullptr : &*found;
}

bool OptionReader::is_none(const std::string& name, std::string_view word) {
  const auto* value = find(name);
  return value != nullptr && (value->is_null() || *value == word);
}

std::string OptionReader::text(const std::string& name, std::string_view otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return std::string(otherwise);
  if (value->is_string()) return value->get<std::string>();
  problem(name, "must be a text");
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
      problem(name, "must be a list of texts");
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
    problem(name, "must be a JSON pointer as /meta/version");
    return "";
  }
  return value;
}

Pattern OptionReader::pattern(const std::string& name, std::string_view otherwise, Levels levels) {
  const auto value = text(name, otherwise);
  if (value.empty() && otherwise.empty()) return {};
  try {
    Pattern pattern(value);
    if (levels == Levels::any || pattern.all_named()) return pattern;
    problem(name, "must have a text or a {name} for each of its levels");
  } catch (const std::invalid_argument& error) {
    problem(name, error.what());
  }
  return otherwise.empty() ? Pattern() : Pattern(otherwise);
}

std::int64_t OptionReader::duration_ms(const std::string& name, std::int64_t most_ms,
                                       std::int64_t otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  std::optional<std::int64_t> read;
  if (value->is_string()) read = sdk::duration_ms(value->get_ref<const std::string&>());
  if (value->is_number_unsigned() && value->get<std::uint64_t>() <= std::uint64_t(most_ms) / 1000) {
    read = value->get<std::int64_t>() * 1000;
  }
  if (read && *read <= most_ms) return *read;
  problem(name, "must be a duration such as 500ms, 30s, 5m, 24h or 7d, at most " +
                    std::to_string(most_ms / 1000) + "s");
  return otherwise;
}

std::int64_t OptionReader::whole(const std::string& name, std::int64_t least, std::int64_t most,
                                 std::int64_t otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  // The double is for numbers that are beyond 64 bits with a sign.
  if (value->is_number_integer() && value->get<double>() >= double(least) &&
      value->get<double>() <= double(most)) {
    return value->get<std::int64_t>();
  }
  problem(name, "must be a whole number between " + std::to_string(least) + " and " +
                    std::to_string(most));
  return otherwise;
}

std::optional<double> OptionReader::number(const std::string& name, double least, double most) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number() && value->get<double>() >= least && value->get<double>() <= most) {
    return value->get<double>();
  }
  const bool any = least == std::numeric_limits<double>::lowest();
  problem(name,
          any ? "must be a number"
              : "must be a number between " + Json(least).dump() + " and " + Json(most).dump());
  return std::nullopt;
}

bool OptionReader::flag(const std::string& name) {
  const auto* value = find(name);
  if (value == nullptr) return false;
  if (value->is_boolean()) return value->get<bool>();
  problem(name, "must be true or false");
  return false;
}

std::vector<std::string> OptionReader::values(const std::string& name) {
  std::vector<std::string> list;
  const auto* value = find(name);
  if (value == nullptr) return list;
  if (!value->is_array() || value->empty()) problem(name, "must be a list of values");
  for (const auto& item : *value) list.push_back(item.dump());
  return list;
}

OptionReader OptionReader::section(const std::string& name) {
  const auto* value = find(name);
  auto inner = below(name, value == nullptr ? Json::object() : *value);
  inner.must_be_section();
  return inner;
}

void OptionReader::refuse_others(std::string_view why) {
  for (const auto& [name, value] : json_.items()) {
    if (!known_.contains(name)) problem(name, std::string(why) + meant(name, known_));
  }
}

void OptionReader::problem(const std::string& name, const std::string& text) const {
  raw_.problem(place_of(name), text);
}

// RFC 6901: "~" and "/" within a name are escaped.
std::string OptionReader::place_of(std::string_view name) const {
  auto place = place_;
  if (!name.empty()) place += '/';
  for (const char c : name) {
    if (c == '~') {
      place += "~0";
    } else if (c == '/') {
      place += "~1";
    } else {
      place += c;
    }
  }
  return place;
}

}  // namespace bascule::sdk
