#include "conflict/state/losses.hpp"

#include <algorithm>
#include <utility>

#include "conflict/record/encoding.hpp"
#include "conflict/state/state_keys.hpp"

namespace bascule::conflict {

std::string encode(const std::vector<Loss>& losses) {
  Writer out;
  out.number(losses.size());
  for (const auto& loss : losses) {
    out.text(loss.unit).text(loss.why).text(loss.to).integer(loss.at_ms);
  }
  return out.take();
}

std::vector<Loss> decode_losses(std::string_view bytes) {
  Reader in(bytes);
  std::vector<Loss> losses(in.count());
  for (auto& loss : losses) {
    loss.unit = in.text();
    loss.why = in.text();
    loss.to = in.text();
    loss.at_ms = in.integer();
  }
  return losses;
}

std::vector<Loss> Losses::find(std::uint64_t number) const {
  const auto bytes = step_.get(numbered('z', number));
  return bytes ? decode_losses(*bytes) : std::vector<Loss>();
}

void Losses::put(std::uint64_t number, const std::vector<Loss>& losses) {
  const auto key = numbered('z', number);
  if (losses.empty()) return step_.erase(key);
  step_.put(key, encode(losses));
}

void Losses::add(std::uint64_t number, Loss loss) {
  auto losses = find(number);
  const bool known = std::any_of(losses.begin(), losses.end(), [&](const Loss& other) {
    return other.unit == loss.unit || other.unit == "*";
  });
  if (known) return;
  losses.push_back(std::move(loss));
  put(number, losses);
}

}  // namespace bascule::conflict
