#include "host/bare_host.h"

#include <cstdio>
#include <cstdlib>

namespace kyu::fuzz {

bare_host::bare_host(uint32_t pool_scale, uint32_t addr, uint8_t mac) : config_(default_config()) {
  config_.addr = addr;
  config_.mac.octet[5] = mac;
  for (pool_layout &l : config_.pools) l.limit *= pool_scale;
  memory_ = std::make_unique_for_overwrite<uint8_t[]>(stack_bytes(config_) + 16);
  port_.ctx = this;
  port_.now_ms = [](void *) { return uint64_t(1000); };
  port_.random32 = [](void *c) { return of(c).random_ += 0x9e3779b9u; };
  port_.sem_wait = [](void *, semaphore &s, uint32_t) {
    if (s.count == 0) {
      fprintf(stderr, "kyufuzz: a call sleeps where nothing can wake it\n");
      abort();
    }
    --s.count;
    return true;
  };
  port_.sem_signal = [](void *, semaphore &s) { ++s.count; };
  port_.thread_self = [](void *) { return thread_id(0); };
  port_.tx_reserve = [](void *c, uint32_t len) {
    of(c).tx_.len = len;
    return of(c).tx_.data;
  };
  port_.tx_commit = [](void *c, uint32_t) {
    if (of(c).on_sent) of(c).on_sent(of(c).tx_.view());
  };
  reset();
}

void bare_host::reset() {
  uintptr_t at = (reinterpret_cast<uintptr_t>(memory_.get()) + 15) / 16 * 16;
  stack_ = stack_init({reinterpret_cast<uint8_t *>(at), stack_bytes(config_)}, config_, &port_, nullptr);
}

void bare_host::input(const frame &f) {
  net_locked lock(*stack_);
  ether_input(*stack_, f.view());
}

}  // namespace kyu::fuzz
