// How a Paho link ends: apart from the rest, because it is the only part that blocks.
#include <utility>

#include "link/paho/paho_link.hpp"

namespace bascule {

using namespace std::chrono_literals;

void PahoLink::stop(std::chrono::milliseconds deadline) {
  if (std::exchange(stop_called_, true)) return;
  auto done = stopped_.get_future();
  port_->loop.post([this, deadline] { begin_stop(deadline); });
  // The loop itself may wait for Paho, and Paho for an acknowledgement that never comes.
  if (done.wait_for(deadline + 1s) != std::future_status::ready) {
    drop("stopped");
    done.wait_for(3s);
  }
  port_->retire();
  port_->gate.end();
  port_->loop.stop();
  for (auto& [version, client] : clients_) PahoClient::retire(std::move(client));
}

void PahoLink::begin_stop(std::chrono::milliseconds deadline) {
  stopping_ = true;
  retry_timer_.reset();
  if (phase_ == Phase::idle || phase_ == Phase::connecting) return finish_stop();
  if (phase_ == Phase::closing) return;
  if (phase_ == Phase::subscribing || port_->in_flight.size() == 0) return close("stopped");
  stop_timer_ = port_->loop.after(deadline, [this] {
    if (phase_ == Phase::up) close("stopped");
  });
}

void PahoLink::finish_stop() {
  if (std::exchange(stop_done_, true)) return;
  port_->in_flight.lose_all();
  on_outcomes();
  stopped_.set_value();
}

}  // namespace bascule
