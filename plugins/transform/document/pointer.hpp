// A JSON pointer (RFC 6901) into a document; "" is all of it. Immutable; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/json.hpp"

namespace bascule::transform {

using sdk::Json;

class Pointer {
 public:
  Pointer() = default;
  // Throws std::invalid_argument with what is wrong: "must be a JSON pointer ...".
  explicit Pointer(std::string_view text);

  const std::string& text() const { return text_; }

  // Null if there is none.
  const Json* find(const Json& document) const;
  Json* find(Json& document) const;
  // Puts a value there, and makes the objects on the way to it. False, and nothing has happened: a
  // value that is no object is in the way, or a list has no such place.
  bool place(Json& document, Json value) const;
  // Takes the value out of the document; of all of it, null is left.
  std::optional<Json> take(Json& document) const;

 private:
  const Json* find(const Json& document, std::size_t depth) const;

  std::string text_;
  std::vector<std::string> tokens_;
};

}  // namespace bascule::transform
