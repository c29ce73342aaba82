#include "conflict/record/authors.hpp"

#include <algorithm>

namespace bascule::conflict {

namespace {

std::string encode(const Author& author) {
  Writer out;
  out.text(author.op);
  write(out, author.stamp);
  out.integer(author.from).integer(author.u_ms);
  out.number((author.blind ? 1U : 0U) | (author.central ? 2U : 0U));
  return out.take();
}

Author read_author(Reader in, const std::shared_ptr<const std::string>& whole) {
  Author author;
  author.op = {whole, in.text()};
  author.stamp = read_hlc(in);
  author.from = in.integer();
  author.u_ms = in.integer();
  const auto flags = in.number();
  author.blind = (flags & 1) != 0;
  author.central = (flags & 2) != 0;
  return author;
}

}  // namespace

Authors::Authors(Reader& in, std::shared_ptr<const std::string> whole) : whole_(std::move(whole)) {
  slots_.resize(in.count());
  for (auto& slot : slots_) slot.stored = in.text();
}

std::size_t Authors::add(Author author) {
  const auto free = std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) {
    return slot.stored.empty() && slot.author == nullptr;
  });
  const auto place = static_cast<std::size_t>(free - slots_.begin());
  if (free == slots_.end()) slots_.emplace_back();
  slots_[place].author = std::make_shared<const Author>(std::move(author));
  return place;
}

const Author& Authors::at(std::size_t place) const {
  const auto& slot = slots_.at(place);
  if (slot.author == nullptr) {
    slot.author = std::make_shared<const Author>(read_author(Reader(slot.stored), whole_));
  }
  return *slot.author;
}

void Authors::write(Writer& out, const std::vector<bool>& named) const {
  const auto used = [&](std::size_t place) { return named[place] || slots_[place].kept_for > 0; };
  auto count = slots_.size();
  while (count > 0 && !used(count - 1)) --count;
  out.number(count);
  for (std::size_t place = 0; place < count; ++place) {
    const auto& slot = slots_[place];
    if (!used(place)) {
      out.text("");
    } else if (!slot.stored.empty()) {
      out.text(slot.stored);
    } else {
      out.text(encode(*slot.author));
    }
  }
}

}  // namespace bascule::conflict
