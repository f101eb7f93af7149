#include "host/real_host.h"

#include "kyu/kyu.h"
#include "kyu/show.h"
#include "oracles/audit.h"

#include <cstdio>
#include <unistd.h>

namespace kyu::fuzz {

namespace {

void print_line(void *, const char *text) { printf("  %s\n", text); }

}  // namespace

real_host::real_host(wire &w, stack_config config, watch::pool_mode pools)
    : watcher_(pools), port_(w, watcher_.where()) {
  watcher_.widen(config);
  memory_ = std::make_unique<stack_memory>(stack_bytes(config));
  stack_ = stack_init(memory_->whole(), config, port_.port(), watcher_.seam());
  watcher_.begin(*stack_);
}

bool real_host::finish() {
  net_closeall(*stack_);
  port_.wind_forward();
  drain(2);  // the input and the timer thread
  // What Linux still sends is answered, and the answer may wait for ARP: from here on nothing comes in.
  port_.unplug();
  drain(1);
  port_.stop();
  net_locked lock(*stack_);  // nobody is left who could want it
  pool_show(*stack_, {nullptr, print_line});
  if (watcher_.seam() != nullptr) audit_end(*stack_, watcher_);
  bool full = stack_->every_pool_full();
  printf("%s\n", full ? "every pool is full again" : "not every pool is full again");
  return full;
}

// Until only so many threads live and every pool is full, or drain_ms of the stack's time have passed.
void real_host::drain(size_t own_threads) {
  uint64_t until = port_.now_ms() + drain_ms;
  while (port_.now_ms() < until && !drained(own_threads)) usleep(1000);
}

bool real_host::drained(size_t own_threads) {
  if (port_.alive() > own_threads) return false;
  net_locked lock(*stack_);
  return stack_->every_pool_full();
}

}  // namespace kyu::fuzz
