#include "link/native/way_back.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "link/connect_settings.hpp"

namespace bascule {

void WayBack::up(bool at_first, Time now) {
  const bool in_vain = std::exchange(went_, false) && !at_first;
  rounds_ = in_vain ? std::min(rounds_ * 2, rounds_max) : rounds_min;
  next_.reset();
  if (!at_first) next_ = now + wait();
}

void WayBack::down() {
  next_.reset();
  probe_.reset();
  found_ = Found::nothing;
}

bool WayBack::due(bool quiet, Credentials& credentials, Time now) {
  if (!next_ || now < *next_) return false;
  if (found_ == Found::nothing) {
    if (quiet && !probe_) look(credentials);
    return false;
  }
  const bool reached = std::exchange(found_, Found::nothing) == Found::reached;
  went_ = reached && quiet;
  if (!went_) next_ = now + (reached ? settings_.reconnect_max : wait());
  return went_;
}

void WayBack::look(Credentials& credentials) {
  Transport::Handlers handlers;
  handlers.on_open = [this] {
    found_ = Found::reached;
    probe_.reset();
  };
  handlers.on_bytes = [](std::span<char> bytes) { return bytes.size(); };
  handlers.on_written = [](std::uint64_t) {};
  handlers.on_end = [this](const Transport::End&) {
    found_ = Found::dead;
    probe_.reset();
  };
  try {
    TlsContext context = first_.tls() ? credentials.tls(settings_) : nullptr;
    probe_.emplace(loop_, first_, settings_, std::move(context), connect_timeout(settings_),
                   std::move(handlers));
  } catch (const std::exception&) {  // of a file that cannot be read now: then it is dead, too
    found_ = Found::dead;
  }
}

}  // namespace bascule
