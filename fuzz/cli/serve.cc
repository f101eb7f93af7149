// serve: the stack and Kyu's servers on a TAP device, in real time, until SIGINT or SIGTERM.
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"
#include "host/host_port.h"
#include "host/impaired_wire.h"
#include "host/tap.h"
#include "kyu/kyu.h"
#include "kyu/servers.h"
#include "kyu/show.h"
#include "oracles/audit.h"
#include "watch/crash.h"

#include <CLI/CLI.hpp>

#include <arpa/inet.h>
#include <csignal>
#include <cstdio>
#include <memory>
#include <unistd.h>

namespace kyu::fuzz {

namespace {

void finding_ends_it(const watch::finding &f) {
  printf("%s", watch::to_text(f).c_str());
  fflush(stdout);
  _exit(1);
}

bool parse_address(const std::string &text, stack_config *c) {
  size_t slash = text.find('/');
  in_addr a{};
  if (slash == std::string::npos || inet_pton(AF_INET, text.substr(0, slash).c_str(), &a) != 1) return false;
  int len = -1, end = 0;
  if (sscanf(text.c_str() + slash + 1, "%2d%n", &len, &end) != 1 || text.size() != slash + 1 + size_t(end))
    return false;
  if (len < 1 || len > 30) return false;
  c->addr = ntohl(a.s_addr);
  c->mask = ~0u << (32 - len);
  return true;
}

void print_line(void *, const char *text) { printf("  %s\n", text); }

class serving {
 public:
  serving(wire &w, stack_config config, watch::pool_mode pools)
      : watcher_(pools), port_(w, watcher_.where()) {
    watcher_.widen(config);
    memory_ = std::make_unique_for_overwrite<uint8_t[]>(stack_bytes(config));
    stack_ = stack_init({memory_.get(), stack_bytes(config)}, config, port_.port(), watcher_.seam());
    watcher_.begin(*stack_);
  }

  bool start() {
    if (!stack_start(*stack_)) return false;
    for (int s = 0; s < servers; ++s)
      if (server_start(*stack_, server(s)) < 0) return false;
    return true;
  }

  // Closes everything, winds the clock forward until every timer has run out, and looks at the pools.
  // False: something is left in them.
  bool finish() {
    net_closeall(*stack_);
    port_.wind_forward();
    drain(2);  // the input and the timer thread
    // What Linux still sends is answered, and the answer may wait for ARP: from here on nothing comes in.
    port_.unplug();
    drain(1);
    port_.stop();
    pool_show(*stack_, {nullptr, print_line});
    if (watcher_.seam() != nullptr) audit_end(*stack_, watcher_);
    bool full = stack_->every_pool_full();
    printf("%s\n", full ? "every pool is full again" : "not every pool is full again");
    return full;
  }

 private:
  // Until only so many threads live and every pool is full, or drain_ms of the stack's time have passed.
  void drain(size_t own_threads) {
    uint64_t until = port_.now_ms() + drain_ms;
    while (port_.now_ms() < until && !drained(own_threads)) usleep(1000);
  }

  bool drained(size_t own_threads) {
    if (port_.alive() > own_threads) return false;
    net_locked lock(*stack_);
    return stack_->every_pool_full();
  }

  watch::watcher watcher_;
  host_port port_;
  std::unique_ptr<uint8_t[]> memory_;
  Stack *stack_ = nullptr;
};

// Room for so many connections at once, each with half of its buffers filled.
void make_room(stack_config *c, uint32_t connections) {
  if (connections == 0) return;
  const uint32_t n = connections + 32, clusters = n * (c->buffers.tcp_recvspace / MCLBYTES + 4);
  const uint32_t limits[pool_kinds] = {n, n, n, 2 * clusters, clusters, clusters, 16, 256};
  for (int k = 0; k < pool_kinds; ++k) c->pools[k].limit = max_of(c->pools[k].limit, limits[k]);
  c->max_files = max_of(c->max_files, n);
}

struct serve_command {
  std::string tap, address, gateway, pools = "best";
  uint32_t connections = 0, buffers = 0;
  impairment wire_is;

  int operator()() const {
    stack_config config = default_config();
    if (!parse_address(address, &config))
      return refuse(address, "not an address with a prefix, as 10.0.0.1/24");
    if (in_addr g{}; !gateway.empty()) {
      if (inet_pton(AF_INET, gateway.c_str(), &g) != 1) return refuse(gateway, "not an address");
      config.gateway = ntohl(g.s_addr);
    }
    if (buffers != 0) config.buffers = {buffers, buffers, max_of(buffers, config.buffers.sb_max)};
    make_room(&config, connections);
    tap_device device(tap);
    if (!device.ok()) return refuse(tap, device.error());
    // Before any thread is made, so that all of them leave these signals to sigwait().
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    watch::warm_up_symbolizer();
    watch::set_finding_sink(finding_ends_it);
    watch::install_crash_handlers();
    std::unique_ptr<impaired_wire> bad;
    if (!wire_is.none()) bad = std::make_unique<impaired_wire>(device, wire_is);
    wire &w = bad != nullptr ? static_cast<wire &>(*bad) : device;
    serving s(w, config, *watch::pool_mode_named(pools));
    if (!s.start()) return refuse("serve", "the servers do not start");
    printf("serving %s on %s: ", address.c_str(), tap.c_str());
    for (int i = 0; i < servers; ++i)
      printf("%s%s %u", i > 0 ? ", " : "", server_name(server(i)), server_port(server(i)));
    printf("\n");
    fflush(stdout);
    int signal = 0;
    sigwait(&ending, &signal);
    return s.finish() ? 0 : 1;
  }
};

}  // namespace

void add_serve(CLI::App &app, int *status) {
  CLI::App *cmd = app.add_subcommand("serve", "The stack and Kyu's servers on a TAP device, in real time");
  auto c = std::make_shared<serve_command>();
  cmd->add_option("--tap", c->tap, "The device; made where there is none")->required();
  cmd->add_option("--address", c->address, "The stack's own, as 10.0.0.1/24")->required();
  cmd->add_option("--gateway", c->gateway, "The way to other networks");
  cmd->add_option("--connections", c->connections,
                  "Pools and descriptors for so many at once, beyond the board's 32")
      ->check(CLI::Range(1, 1000));
  cmd->add_option("--buffers", c->buffers, "Bytes of each socket buffer, instead of 16384")
      ->check(CLI::Range(2048, 16 << 20));
  impairment *bad = &c->wire_is;
  cmd->add_option("--loss", bad->loss, "Percent of frames that get lost, each way")
      ->check(CLI::Range(0.0, 100.0));
  cmd->add_option("--duplicate", bad->duplicate, "Percent of frames that come twice")
      ->check(CLI::Range(0.0, 100.0));
  cmd->add_option("--reorder", bad->reorder, "Percent of frames that overtake those before them")
      ->check(CLI::Range(0.0, 100.0));
  cmd->add_option("--delay", bad->delay_ms, "Milliseconds that each frame is late")
      ->check(CLI::Range(0, 10000));
  cmd->add_option("--jitter", bad->jitter_ms, "Milliseconds more, at random")->check(CLI::Range(0, 10000));
  cmd->add_option("--wire-seed", bad->seed, "Of the wire's bad luck");
  add_pools_option(*cmd, &c->pools);
  cmd->callback([c, status] { *status = (*c)(); });
}

}  // namespace kyu::fuzz
