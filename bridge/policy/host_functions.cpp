#include "policy/host_functions.hpp"

namespace bascule {
namespace {

Step& of(bascule_step* step) { return *reinterpret_cast<Step*>(step); }

int host_get(bascule_step* step, bascule_bytes key, bascule_bytes* value) {
  return of(step).guarded([&] { return of(step).get(view(key), *value); });
}
int host_put(bascule_step* step, bascule_bytes key, bascule_bytes value) {
  return of(step).guarded([&] { return of(step).put(view(key), view(value)); });
}
int host_erase(bascule_step* step, bascule_bytes key) {
  return of(step).guarded([&] { return of(step).erase(view(key)); });
}
int host_scan(bascule_step* step, bascule_bytes prefix, bascule_bytes from, void* context,
              int (*each)(void*, bascule_bytes, bascule_bytes)) {
  return of(step).guarded([&] { return of(step).scan(view(prefix), view(from), context, each); });
}
int host_emit(bascule_step* step, const bascule_output* output) {
  return of(step).guarded([&] { return of(step).emit(*output); });
}
std::int64_t host_open_case(bascule_step* step, bascule_bytes kind, bascule_bytes subject,
                            bascule_bytes data) {
  return of(step).guarded(
      [&]() -> std::int64_t { return of(step).open_case(view(kind), view(subject), view(data)); });
}
int host_close_case(bascule_step* step, std::int64_t number, bascule_bytes outcome) {
  return of(step).guarded([&] { return of(step).close_case(number, view(outcome)); });
}
int host_wake_at(bascule_step* step, bascule_bytes name, std::int64_t wall_ms) {
  return of(step).guarded([&] { return of(step).wake_at(view(name), wall_ms); });
}
int host_explain(bascule_step* step, bascule_bytes verdict) {
  return of(step).guarded([&] { return of(step).explain(view(verdict)); });
}
void host_log(bascule_step* step, int level, bascule_bytes text) {
  of(step).guarded([&] { return of(step).log(level, view(text)), 0; });
}
void host_fail(bascule_step* step, bascule_bytes reason) {
  of(step).guarded([&] { return of(step).fail(view(reason)), 0; });
}
void host_quarantine(bascule_step* step, bascule_bytes reason) {
  of(step).guarded([&] { return of(step).quarantine(view(reason)), 0; });
}

}  // namespace

const bascule_host& host_functions() {
  static const bascule_host host = {sizeof(bascule_host),
                                    BASCULE_POLICY_ABI,
                                    host_get,
                                    host_put,
                                    host_erase,
                                    host_scan,
                                    host_emit,
                                    host_open_case,
                                    host_close_case,
                                    host_wake_at,
                                    host_explain,
                                    host_log,
                                    host_fail,
                                    host_quarantine};
  return host;
}

}  // namespace bascule
