#include "control/query/query.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "text/number.hpp"

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

// What is not two digits behind a % stays as it is.
std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

}  // namespace

Query Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    const std::size_t equals = one.find('=');
    if (one.empty()) continue;
    query.set(percent_decoded(one.substr(0, equals)),
              equals == std::string_view::npos ? "" : percent_decoded(one.substr(equals + 1)));
  }
  return query;
}

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
  const auto number = parse_number<std::uint64_t>(found->second);
  if (!number) {
    throw std::invalid_argument("'" + std::string(name) + "' must be a whole number, not '" +
                                found->second + "'");
  }
  return *number;
}

Direction Query::direction() const {
  const std::string given = text("direction").value_or("up");
  if (const auto direction = value_of(direction_words, given)) return *direction;
  throw std::invalid_argument("direction must be up or down, not '" + given + "'");
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
