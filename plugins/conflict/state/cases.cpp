#include "conflict/state/cases.hpp"

#include "conflict/record/encoding.hpp"
#include "conflict/state/state_keys.hpp"

namespace bascule::conflict {

std::optional<Case> Cases::find(std::int64_t number) const {
  const auto bytes = step_.get(key_of('k', big_endian(static_cast<std::uint64_t>(number))));
  if (!bytes) return std::nullopt;
  Reader in(*bytes);
  Case it;
  it.kind = in.text();
  it.key = in.text();
  it.op = in.text();
  it.unit = in.text();
  return it;
}

void Cases::put(std::int64_t number, const Case& it) {
  Writer out;
  out.text(it.kind).text(it.key).text(it.op).text(it.unit);
  step_.put(key_of('k', big_endian(static_cast<std::uint64_t>(number))), out.take());
}

void Cases::erase(std::int64_t number) {
  step_.erase(key_of('k', big_endian(static_cast<std::uint64_t>(number))));
}

}  // namespace bascule::conflict
