#include "transform/document/pointer.hpp"

#include <algorithm>
#include <stdexcept>

namespace bascule::transform {

namespace {

std::string unescaped(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      text += token[i];
    } else if (i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
      text += token[++i] == '0' ? '~' : '/';
    } else {
      throw std::invalid_argument("must be a JSON pointer, in which ~ is ~0: " +
                                  std::string(token));
    }
  }
  return text;
}

// The place in a list; nothing if the token is no number, or there is no such place.
std::optional<std::size_t> place_in(const Json& list, const std::string& token) {
  const bool number = !token.empty() && token.size() <= 9 &&
                      token.find_first_not_of("0123456789") == std::string::npos &&
                      (token.size() == 1 || token.front() != '0');
  if (!number) return std::nullopt;
  const auto place = static_cast<std::size_t>(std::stoul(token));
  return place < list.size() ? std::optional(place) : std::nullopt;
}

const Json* child(const Json& parent, const std::string& token) {
  if (parent.is_object()) {
    const auto found = parent.find(token);
    return found == parent.end() ? nullptr : &*found;
  }
  if (!parent.is_array()) return nullptr;
  const auto place = place_in(parent, token);
  return place ? &parent[*place] : nullptr;
}

}  // namespace

Pointer::Pointer(std::string_view text) : text_(text) {
  if (text.empty()) return;
  if (text.front() != '/') {
    throw std::invalid_argument("must be a JSON pointer such as /temperature, not " + text_);
  }
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const auto slash = text.find('/', at + 1);
    tokens_.push_back(unescaped(text.substr(at + 1, slash - at - 1)));
    at = slash;
  }
}

const Json* Pointer::find(const Json& document, std::size_t depth) const {
  const Json* value = &document;
  for (std::size_t i = 0; value != nullptr && i < depth; ++i) value = child(*value, tokens_[i]);
  return value;
}

const Json* Pointer::find(const Json& document) const { return find(document, tokens_.size()); }

Json* Pointer::find(Json& document) const {
  return const_cast<Json*>(find(std::as_const(document)));
}

bool Pointer::place(Json& document, Json value) const {
  std::size_t there = 0;  // so many of the tokens lead to something
  while (there < tokens_.size() && find(document, there + 1) != nullptr) ++there;
  Json* at = const_cast<Json*>(find(document, there));
  if (there < tokens_.size() && !at->is_object() && !at->is_null()) return false;
  for (; there < tokens_.size(); ++there) at = &(*at)[tokens_[there]];
  *at = std::move(value);
  return true;
}

std::optional<Json> Pointer::take(Json& document) const {
  Json* value = find(document);
  if (value == nullptr) return std::nullopt;
  Json taken = std::move(*value);
  if (tokens_.empty()) {
    document = nullptr;
    return taken;
  }
  Json& parent = *const_cast<Json*>(find(document, tokens_.size() - 1));
  if (parent.is_object()) {
    parent.erase(tokens_.back());
  } else {
    parent.erase(*place_in(parent, tokens_.back()));
  }
  return taken;
}

}  // namespace bascule::transform
