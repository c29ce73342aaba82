#include "control/query.hpp"

#include <charconv>
#include <stdexcept>

namespace bascule {

namespace {

std::string percent_encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  static constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace

Query& Query::set(const std::string& name, std::string value) {
  parameters_[name] = std::move(value);
  return *this;
}

std::optional<std::string> Query::text(std::string_view name) const {
  const auto found = parameters_.find(name);
  if (found == parameters_.end()) return std::nullopt;
  return found->second;
}

std::uint64_t Query::number(std::string_view name, std::uint64_t missing) const {
  const auto found = parameters_.find(name);
  if (found == parameters_.end()) return missing;
  const std::string& value = found->second;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) {
    throw std::invalid_argument("'" + std::string(name) + "' must be a whole number, not '" +
                                value + "'");
  }
  return number;
}

std::string Query::required(std::string_view name) const {
  auto value = text(name);
  if (!value) throw std::invalid_argument("'" + std::string(name) + "' is missing");
  return *std::move(value);
}

std::string Query::behind(const std::string& path) const {
  std::string whole = path;
  char separator = '?';
  for (const auto& [name, value] : parameters_) {
    whole += separator + percent_encoded(name) + '=' + percent_encoded(value);
    separator = '&';
  }
  return whole;
}

}  // namespace bascule
