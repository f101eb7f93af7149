#include "release/shell.h"

#include "devices/emac.h"
#include "devices/power.h"
#include "devices/timer.h"
#include "devices/uart.h"
#include "kernel/console.h"
#include "kernel/panic.h"
#include "kernel/thread.h"
#include "kyu/kyu.h"
#include "kyu/show.h"
#include "release/board_port.h"

#include <cstring>

namespace kyu::board {

namespace {

constexpr uint32_t max_command = 80;
constexpr uint64_t drain_minutes = 20, ms_of_minute = 60'000;

// Characters on their way from the interrupt to the shell; what finds it full is lost.
struct {
  condition arrived;
  char text[256];
  uint32_t put = 0, taken = 0;
} typed;

void on_input() {
  for (int c; (c = uart_get()) >= 0;)
    if (typed.put - typed.taken < sizeof typed.text) typed.text[typed.put++ % sizeof typed.text] = char(c);
  typed.arrived.notify_all();
}

char read_char() {
  no_interrupts lock;
  while (typed.put == typed.taken) typed.arrived.wait(lock);
  return typed.text[typed.taken++ % sizeof typed.text];
}

// Not empty; what is too long is cut.
void read_line(char (&out)[max_command]) {
  for (uint32_t len = 0;;) {
    char c = read_char();
    out[len] = 0;
    if (c != '\n' && c != '\r') {
      if (len < max_command - 1) out[len++] = c;
    } else if (len > 0) {
      return;
    }
  }
}

constexpr line_printer printer{nullptr, [](void *, const char *text) { console_line("%s", text); }};

void show_sockets(Stack &st) {
  net_locked lock(st);
  socket_show(st, printer);
  locker_show(st, printer);
}

void show_pools(Stack &st) {
  net_locked lock(st);
  pool_show(st, printer);
}

void show_threads(Stack &) {
  thread_info t;
  for (int n = 0; thread_at(n, &t); ++n)
    console_line("thread %s: priority %d, %lu of %lu bytes of stack%s", t.name, int(t.level),
                 static_cast<unsigned long>(t.stack_used), static_cast<unsigned long>(thread_stack_bytes),
                 t.is == task::state::unused ? ", ended" : "");
  console_line("that is all");
}

void show_processor(Stack &) {
  processor_use u = processor_used();
  console_line("processor: %llu ms up, %llu ms idle, %llu switches, %llu interrupts", timer_ms(),
               u.idle_us / 1000, u.switches, u.interrupts);
}

void show_emac(Stack &) {
  emac_counts c = emac_counted();
  console_line("emac: %llu frames in, %llu out, %llu refused, %llu interrupts", c.in, c.out, c.refused,
               c.interrupts);
  console_line("emac: %llu times no buffer to receive, %llu to send, %llu resyncs", c.restarts, c.tx_full,
               c.resyncs);
}

// Closes everything and lets all timers run out: whatever is not free then has leaked.
void stop(Stack &st) {
  net_closeall(st);
  emac_stop();
  wind_clock_forward();
  uint64_t until = st.now() + drain_minutes * ms_of_minute;
  auto drained = [&st] {
    net_locked lock(st);
    return st.every_pool_full();
  };
  while (!drained() && st.now() < until) thread_sleep_ms(1);
  show_pools(st);
  bool full = drained();
  console_line("%s", full ? "every pool is full again" : "not every pool is full again");
  power_off(full ? 0 : 1);
}

void show_callers(Stack &) { print_threads(); }

void help(Stack &);

struct command {
  const char *name;
  void (*run)(Stack &);
};
constexpr command commands[] = {
    {"sockets", show_sockets},
    {"pools", show_pools},
    {"threads", show_threads},
    {"callers", show_callers},
    {"processor", show_processor},
    {"emac", show_emac},
    {"stop", stop},
    {"help", help},
};

void help(Stack &) {
  for (const command &c : commands) console_line("  %s", c.name);
}

void run_shell(void *arg) {
  Stack &st = *static_cast<Stack *>(arg);
  for (;;) {
    char text[max_command];
    read_line(text);
    bool known = false;
    for (const command &c : commands) {
      if (strcmp(c.name, text) != 0) continue;
      known = true;
      c.run(st);
    }
    if (!known) console_line("%s: unknown; help lists what there is", text);
  }
}

}  // namespace

void shell_start(Stack &st) {
  uart_on_input(on_input);
  thread_start("shell", priority::user, run_shell, &st);
}

}  // namespace kyu::board
