// kyu.elf: the stack on the board's Ethernet, and Kyu's servers.
#include "boot/arguments.h"
#include "boot/board_start.h"
#include "boot/mmu.h"
#include "devices/emac.h"
#include "kernel/console.h"
#include "kernel/panic.h"
#include "kernel/thread.h"
#include "kyu/dhcp.h"
#include "kyu/servers.h"
#include "release/board_port.h"
#include "release/shell.h"
#include "release/watch.h"
#include "sys/text.h"

#include <cstdlib>

#include <malloc.h>

namespace kyu::board {

namespace {

constexpr uint32_t link_period_ms = 1000;

Stack *stack;

// What Kyu prints behind the callers of a panic.
void tell_of_threads() {
  if (stack == nullptr) return;
  console_line("locker count: %lu", static_cast<unsigned long>(stack->lock.count()));
  thread_info t;
  for (int n = 0; thread_at(n, &t); ++n) {
    const char *state = t.is == task::state::sleeping ? "idle" : "busy";
    if (t.level == priority::input) console_line("Input thread: %s", state);
    if (t.level == priority::timer) console_line("Timer thread: %s", state);
  }
  console_line("User lock: %s", stack->lock.lk_holder == no_thread ? "idle" : "busy");
}

bool parse_number(const char **at, uint32_t limit, uint32_t *out) {
  char *end;
  unsigned long v = strtoul(*at, &end, 10);
  if (end == *at || v > limit) return false;
  *out = uint32_t(v);
  *at = end;
  return true;
}

// "10.0.0.2/24"
bool parse_address(const char *text, stack_config *c) {
  uint32_t addr = 0, part = 0, len = 0;
  for (int i = 0; i < 4; ++i) {
    if (!parse_number(&text, 255, &part) || *text != (i < 3 ? '.' : '/')) return false;
    ++text;
    addr = addr << 8 | part;
  }
  if (!parse_number(&text, 30, &len) || len == 0 || *text != 0) return false;
  c->addr = addr;
  c->mask = ~uint32_t(0) << (32 - len);
  return true;
}

void say_address(uint32_t addr) {
  text_buffer<64> t;
  console_line("%s", t.str("address ").addr(addr).c_str());
}

void keep_address(void *) {
  auto told = [](void *, const dhcp_lease &l) {
    if (l.config.addr != 0)
      say_address(l.config.addr);
    else
      console_line("the address is lost");
  };
  (void)dhcp_run(*stack, {nullptr, told});
}

void follow_link(void *) {
  for (bool was = false;;) {
    bool up = emac_follow_link();
    if (up != was) console_line("link %s", up ? "up" : "down");
    was = up;
    thread_sleep_ms(link_period_ms);
  }
}

// Page by page, for a watcher that guards them.
bytes stack_memory(const stack_config &c) {
  auto at = static_cast<uint8_t *>(memalign(page_bytes, stack_bytes(c)));
  if (at == nullptr) panic("no memory for the stack");
  return {at, stack_bytes(c)};
}

void start_stack(const stack_config &config) {
  stack = stack_init(stack_memory(config), config, &board_port(), watch_seam());
  watch_begin(*stack);
  if (!stack_start(*stack)) panic("no threads for the stack");
}

void start_servers() {
  for (int s = 0; s < servers; ++s)
    if (server_start(*stack, server(s)) < 0) panic("a server does not start");
}

}  // namespace

void image_main() {
  console_line("Kyu on the Orange Pi PC, %s", watch_name());
  threads_begin();
  on_standstill(panic_of_standstill);
  on_panic(tell_of_threads);
  emac_start();
  stack_config config = default_config();
  config.mac = emac_address();
  config.addr = config.mask = 0;
  const char *address = argument("address");
  if (address != nullptr && !parse_address(address, &config)) panic("address: not as 10.0.0.2/24");
  watch_widen(config);
  start_stack(config);
  start_servers();
  thread_start("link", priority::user, follow_link, nullptr);
  if (address == nullptr)
    thread_start("dhcp", priority::user, keep_address, nullptr);
  else
    say_address(config.addr);
  shell_start(*stack);
  thread_idle();
}

}  // namespace kyu::board
