// The parameters of one question to the control API: what stands behind the ? of its path.
// A plain value, spoken by the daemon, the command line and the offline journal alike.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "message/direction.hpp"

namespace bascule {

class Query {
 public:
  using Parameters = std::map<std::string, std::string, std::less<>>;

  Query() = default;
  explicit Query(Parameters parameters) : parameters_(std::move(parameters)) {}

  // Reads what stands behind the ? of a path: name=value&name=value, percent-encoded, + for a
  // blank.
  static Query parse(std::string_view text);

  Query& set(const std::string& name, std::string value);

  // The value, or nothing if the parameter is missing.
  std::optional<std::string> text(std::string_view name) const;

  // The value as a whole number; `missing` without the parameter. Throws std::invalid_argument,
  // which the server answers with status 400, if it is anything else.
  std::uint64_t number(std::string_view name, std::uint64_t missing) const;

  // The parameter `direction`; up without it.
  Direction direction() const;

  // The value of a parameter that must be there; std::invalid_argument otherwise.
  std::string required(std::string_view name) const;

  // `path` with the parameters behind it, percent-encoded.
  std::string behind(const std::string& path) const;

 private:
  Parameters parameters_;
};

}  // namespace bascule
